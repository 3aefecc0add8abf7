// Package workloadstest makes platforms for tests out of Kubernetes manifests, such as nsxsim writes of its clusters.
package workloadstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// Platform knows every kind of fact and reads what Now holds.
type Platform struct {
	// Now is what the next reading finds.
	Now *workloads.Cluster
	// Err, if any, is what the next reading ends in.
	Err error
	// Reads counts the readings.
	Reads int
}

// Provides is true for every kind.
func (*Platform) Provides(workloads.Kind) bool { return true }

// Read gives Now or Err.
func (p *Platform) Read(context.Context) (workloads.Source, error) {
	p.Reads++
	return p.Now, p.Err
}

// Object is one manifest; only what a Cluster holds is read.
type Object struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
		UID       string `yaml:"uid"`
	} `yaml:"metadata"`
	Spec struct {
		Ports []struct {
			Name       string    `yaml:"name"`
			Protocol   string    `yaml:"protocol"`
			Port       int       `yaml:"port"`
			TargetPort yaml.Node `yaml:"targetPort"`
		} `yaml:"ports"`
		Rules []struct {
			HTTP struct {
				Paths []struct {
					Backend struct {
						Service struct {
							Name string `yaml:"name"`
							Port struct {
								Name   string `yaml:"name"`
								Number int    `yaml:"number"`
							} `yaml:"port"`
						} `yaml:"service"`
					} `yaml:"backend"`
				} `yaml:"paths"`
			} `yaml:"http"`
		} `yaml:"rules"`
	} `yaml:"spec"`
}

// Cluster is made of manifests, one YAML document each; those for which leaveOut answers true do not exist.
func Cluster(manifests []byte, leaveOut func(Object) bool) (*workloads.Cluster, error) {
	c := workloads.NewCluster()
	for decoder := yaml.NewDecoder(bytes.NewReader(manifests)); ; {
		var o Object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading manifests: %w", err)
		}
		if leaveOut == nil || !leaveOut(o) {
			o.addTo(c)
		}
	}
}

func (o *Object) addTo(c *workloads.Cluster) {
	m := o.Metadata
	switch o.Kind {
	case "Namespace":
		c.AddNamespace(m.Name, m.UID)
	case "Service":
		var ports []workloads.Port
		for _, p := range o.Spec.Ports {
			ports = append(ports, workloads.Port{Name: p.Name, Protocol: p.Protocol, Port: p.Port, TargetPort: p.TargetPort.Value})
		}
		c.AddService(m.Namespace, m.Name, m.UID, ports)
	case "NetworkPolicy":
		c.AddNetworkPolicy(m.Namespace, m.Name, m.UID)
	case "Pod":
		c.AddPod(m.Namespace, m.Name, m.UID)
	case "Ingress":
		for _, rule := range o.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				to := path.Backend.Service
				port := to.Port.Name
				if port == "" {
					port = strconv.Itoa(to.Port.Number)
				}
				c.AddIngressBackend(m.Namespace, to.Name, port)
			}
		}
	}
}
