package programs

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
)

// Proxy is a proxy that lies, between a machine and its NSX: give it to NewMachine in NSX's place, and tell it its lies
// with Tell. It ends with Close. When NSX starts anew its certificate is a new one, and so must the proxy be.
type Proxy struct {
	*liar.Proxy
	nsx Readier
}

// StartProxy starts a proxy in front of an NSX. It is honest until it is told to lie.
func StartProxy(nsx Readier) (*Proxy, error) {
	ready := nsx.Ready()
	proxy, err := liar.Start(ready.URL, []byte(ready.CA))
	if err != nil {
		return nil, err
	}
	return &Proxy{Proxy: proxy, nsx: nsx}, nil
}

// Ready says how to connect through the proxy.
func (p *Proxy) Ready() Ready {
	ready := p.nsx.Ready()
	ready.URL, ready.Nodes, ready.CA = p.URL(), []string{p.URL()}, string(p.CA())
	return ready
}
