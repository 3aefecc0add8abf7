// Package wiring puts an execution of the errand together from its configuration. The program and the tests that run whole
// executions do so in this one way, so that no option can be lost between the configuration and what heeds it.
package wiring

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/kubernetes"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/updates"
	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// Parts are what an execution is made of beside its configuration.
type Parts struct {
	Version string // of the program
	Report  *report.Reporter
	Redact  *report.Redactor
	Log     logrus.FieldLogger
	// OnFailpoint is told of the failpoints of the records; it is for crash tests and nil otherwise.
	OnFailpoint func(at records.Failpoint, transaction int)
	// Platform is what runs on the cluster; nil means what the configuration says. Tests have one of their own.
	Platform workloads.Platform
	// FirstPause is nsx.Options.FirstPause; 0 means its default.
	FirstPause time.Duration
}

// Runner makes an execution from a configuration; whoever calls closes its NSX. What is wrong with the configuration, the user
// spec or the rules is an error that names the property or file.
func Runner(cfg *config.Config, p Parts) (*run.Runner, error) {
	overrides := map[string]catalog.Override{}
	for name, o := range cfg.Migration.Overrides {
		overrides[name] = catalog.Override(o)
	}
	types, err := catalog.New(overrides)
	if err != nil {
		return nil, fmt.Errorf("reading migration.overrides: %w", err)
	}
	spec := &config.UserSpec{}
	if cfg.Migration.UserSpec != "" {
		if spec, err = config.LoadUserSpec(cfg.Migration.UserSpec, run.SpecKinds(types)); err != nil {
			return nil, err
		}
	}
	rules, err := updates.LoadRules(cfg.Migration.UpdateRules)
	if err != nil {
		return nil, fmt.Errorf("reading migration.update_rules: %w", err)
	}
	platform := p.Platform
	if platform == nil {
		if platform, err = Platform(cfg, p); err != nil {
			return nil, err
		}
	}
	if err := rules.Check(cfg.NCP.Platform, platform); err != nil {
		return nil, fmt.Errorf("reading migration.update_rules: %w", err)
	}
	client, err := nsx.New(Options(cfg, p))
	if err != nil {
		return nil, err
	}
	return &run.Runner{
		Version: p.Version, Config: cfg, Spec: spec, NSX: client, Catalog: types, Rules: rules, Platform: platform,
		Report: p.Report, Redact: p.Redact, Log: p.Log, Clock: wait.Wall{}, NewRunID: newRunID, OnFailpoint: p.OnFailpoint,
	}, nil
}

// Platform reads what runs on a cluster; on TAS that is nothing.
func Platform(cfg *config.Config, p Parts) (workloads.Platform, error) {
	if cfg.NCP.Platform == config.PlatformTAS {
		return workloads.TAS{}, nil
	}
	k := cfg.Kubernetes
	return kubernetes.New(kubernetes.Options{
		APIServer: k.APIServer, CACertificate: k.CACertificate,
		Token: k.Token.Reveal(), TokenFile: k.TokenFile, ClientCertificate: k.ClientCertificate, ClientKey: k.ClientKey,
		Kubeconfig: k.Kubeconfig, Pods: k.CheckPods, Timeout: time.Duration(k.Timeout), UserAgent: "migrate-mp2p/" + p.Version,
		Log: p.Log, Say: p.Report.Say, Redact: p.Redact.Register,
	})
}

// Options are what the client of NSX heeds of a configuration. A command that only reads gets a client that cannot write.
func Options(cfg *config.Config, p Parts) nsx.Options {
	o := nsx.Options{
		Username: cfg.NSX.Username, Password: cfg.NSX.Password.Reveal(),
		ClientCertificate: cfg.NSX.ClientCertificate, ClientKey: cfg.NSX.ClientKey,
		CACertificate: cfg.NSX.CACertificate, Insecure: cfg.NSX.Insecure, Proxy: cfg.NSX.Proxy,
		RequestsPerSecond: cfg.NSX.RequestsPerSecond, Concurrency: cfg.NSX.Concurrency,
		ConnectTimeout: time.Duration(cfg.NSX.Timeouts.Connect), RequestTimeout: time.Duration(cfg.NSX.Timeouts.Request),
		FinishTimeout: time.Duration(cfg.NSX.Timeouts.Finish), IndexTimeout: time.Duration(cfg.NSX.Timeouts.Index),
		AllowOverwrite: cfg.NSX.AllowOverwrite, AbsentCodes: cfg.NSX.AbsentCodes, Logger: p.Log, FirstPause: p.FirstPause,
		ReadOnly: !config.Writes(cfg.Migration.Command),
	}
	for _, m := range cfg.NSX.Managers {
		o.Managers = append(o.Managers, nsx.Endpoint(m))
	}
	return o
}

func newRunID() string {
	return time.Now().UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
}
