package director

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	boshrelease "github.com/cloudfoundry/bosh-cli/v7/release"
)

// Options say where a Director keeps things and which agent its VMs run.
type Options struct {
	Dir      string // state: VM folders, disks, blobs, the CA file
	Agent    string // path of the bosh-agent binary
	Compiled string // compiled packages, kept by fingerprint; may be shared by several Directors
}

// Director is a running stand-in. Close ends it and its VMs; the disks stay.
type Director struct {
	options     Options
	certificate certificate
	server      *http.Server
	address     string
	password    string

	mutex       sync.Mutex
	releases    map[string]boshrelease.Release // by name: the one uploaded last
	deployments map[string]manifest
	bootstrap   map[string]int     // by deployment: the index of the bootstrap instance in each of its groups
	addons      map[string][]addon // by the name of the runtime config
	tasks       []*task
	vms         map[string]*vm // by cid
	lastCID     int
}

// Start listens on a free loopback port and answers at once.
func Start(options Options) (*Director, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("starting the Director stand-in: its VMs mount folders, run it as root")
	}
	// The VMs mount over this folder, each in its own namespace; on this machine it stays empty.
	for _, dir := range []string{"/var/vcap", options.Compiled, filepath.Join(options.Dir, "blobs")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("starting the Director stand-in: %w", err)
		}
	}
	certificate, err := newCertificate()
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	d := &Director{
		options: options, certificate: certificate, password: "loopback",
		releases: map[string]boshrelease.Release{}, deployments: map[string]manifest{}, bootstrap: map[string]int{}, addons: map[string][]addon{}, vms: map[string]*vm{},
	}
	if err := os.WriteFile(d.caFile(), certificate.certificatePEM, 0o644); err != nil {
		return nil, fmt.Errorf("writing the CA file: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate.certificatePEM, certificate.keyPEM)
	if err != nil {
		return nil, fmt.Errorf("loading the certificate: %w", err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	d.address = "https://" + listener.Addr().(*net.TCPAddr).String()
	d.server = &http.Server{Handler: d.handler(), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = d.server.Serve(listener) }() // ends with Close
	return d, nil
}

// Environment is what the bosh CLI needs to talk to this Director and to nothing else of its user's.
func (d *Director) Environment() []string {
	return []string{
		"BOSH_ENVIRONMENT=" + d.address,
		"BOSH_CA_CERT=" + d.caFile(),
		"BOSH_CLIENT=admin",
		"BOSH_CLIENT_SECRET=" + d.password,
		"BOSH_NON_INTERACTIVE=true",
		"BOSH_CONFIG=" + filepath.Join(d.options.Dir, "bosh-config"),
	}
}

// DiskDir is the folder that is the persistent disk of an instance, by its index in a deployment's group.
func (d *Director) DiskDir(deployment, group string, index int) string {
	return filepath.Join(d.options.Dir, "disks", deployment, group, strconv.Itoa(index))
}

// InstanceName is how the bosh CLI names an instance: group/id.
func (d *Director) InstanceName(deployment, group string, index int) string {
	return group + "/" + instanceID(deployment, group, index)
}

// SetBootstrap makes another instance of each group the bootstrap one, which is the first until then. A real Director does
// so when instances come and go.
func (d *Director) SetBootstrap(deployment string, index int) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.bootstrap[deployment] = index
}

// Ended are the instances, as the bosh CLI names them, on which a deployment's errand has ended that runs now or ran last.
func (d *Director) Ended(deployment string) []string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, t := range slices.Backward(d.tasks) {
		if t.deployment != deployment || !strings.HasPrefix(t.description, "run errand ") {
			continue
		}
		var ended []string
		for line := range bytes.Lines(t.output("result")) {
			var result struct{ Instance struct{ Group, ID string } }
			if json.Unmarshal(line, &result) == nil {
				ended = append(ended, result.Instance.Group+"/"+result.Instance.ID)
			}
		}
		return ended
	}
	return nil
}

// DeleteVM destroys the VM of an instance as a power failure would: agent and errand are killed, the VM's folder is
// deleted, the persistent disk stays. It tells whether there was one.
func (d *Director) DeleteVM(deployment, group string, index int) (bool, error) {
	for _, vm := range d.vmsOf(deployment) {
		if vm.instance.Group == group && vm.instance.Index == index {
			return true, d.deleteVM(vm)
		}
	}
	return false, nil
}

// Close ends all VMs and stops listening.
func (d *Director) Close() error {
	err := d.server.Close()
	for _, vm := range d.vmsOf("") {
		if vmErr := d.deleteVM(vm); err == nil {
			err = vmErr
		}
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, release := range d.releases {
		if cleanErr := release.CleanUp(); err == nil {
			err = cleanErr
		}
	}
	return err
}

func (d *Director) caFile() string { return filepath.Join(d.options.Dir, "ca.pem") }
