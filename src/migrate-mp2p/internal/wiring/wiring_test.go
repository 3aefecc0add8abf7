package wiring_test

import (
	"reflect"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
)

func TestWiring(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Wiring")
}

// configured is a configuration in which every property of NSX that the client heeds says something.
func configured() *config.Config {
	cfg := &config.Config{}
	cfg.Migration.Command = config.CommandPlan
	cfg.NSX.Managers = []config.Manager{{Address: "10.0.0.1", ServerName: "nsx.example.com", Thumbprint: "ab:cd"}, {Address: "10.0.0.2"}}
	cfg.NSX.Username, cfg.NSX.Password = "admin", "secret"
	cfg.NSX.ClientCertificate, cfg.NSX.ClientKey, cfg.NSX.CACertificate = "/cert.pem", "/key.pem", "/ca.pem"
	cfg.NSX.Insecure, cfg.NSX.Proxy = true, "http://proxy:3128"
	cfg.NSX.RequestsPerSecond, cfg.NSX.Concurrency = 12.5, 3
	cfg.NSX.Timeouts.Connect, cfg.NSX.Timeouts.Request = config.Duration(11*time.Second), config.Duration(22*time.Second)
	cfg.NSX.Timeouts.Finish, cfg.NSX.Timeouts.Index = config.Duration(33*time.Minute), config.Duration(44*time.Minute)
	cfg.NSX.AllowOverwrite, cfg.NSX.AbsentCodes = true, []int{289, 500090}
	return cfg
}

var _ = Describe("The client of NSX", func() {
	log := logrus.New()
	// Options that no property stands for, and why.
	ours := map[string]string{
		"Patience": "follows from the time-out of a request",
		"Dial":     "is for tests",
	}

	It("heeds every property that speaks of it [R23]", func() {
		got := wiring.Options(configured(), wiring.Parts{Log: log, FirstPause: time.Second})
		Expect(got).To(Equal(nsx.Options{
			Managers: []nsx.Endpoint{{Address: "10.0.0.1", ServerName: "nsx.example.com", Thumbprint: "ab:cd"}, {Address: "10.0.0.2"}},
			Username: "admin", Password: "secret", ClientCertificate: "/cert.pem", ClientKey: "/key.pem", CACertificate: "/ca.pem",
			Insecure: true, Proxy: "http://proxy:3128", RequestsPerSecond: 12.5, Concurrency: 3,
			ConnectTimeout: 11 * time.Second, RequestTimeout: 22 * time.Second, FinishTimeout: 33 * time.Minute, IndexTimeout: 44 * time.Minute,
			AllowOverwrite: true, AbsentCodes: []int{289, 500090}, ReadOnly: true, Logger: log, FirstPause: time.Second,
		}))
	})

	It("has no option that nobody sets [R23]", func() {
		got := reflect.ValueOf(wiring.Options(configured(), wiring.Parts{Log: log, FirstPause: time.Second}))
		for i := range got.NumField() {
			field := got.Type().Field(i)
			if _, known := ours[field.Name]; known || !field.IsExported() {
				continue
			}
			Expect(got.Field(i).IsZero()).To(BeFalse(), "%s is an option of the client, and no property is heeded for it", field.Name)
		}
	})

	DescribeTable("cannot write for commands that only read [I4]",
		func(command string, readOnly bool) {
			cfg := configured()
			cfg.Migration.Command = command
			Expect(wiring.Options(cfg, wiring.Parts{}).ReadOnly).To(Equal(readOnly))
		},
		Entry(nil, config.CommandRun, false),
		Entry(nil, config.CommandRollback, false),
		Entry(nil, config.CommandPlan, true),
		Entry(nil, config.CommandPrecheck, true),
		Entry(nil, config.CommandStatus, true),
		Entry(nil, config.CommandVerify, true),
		Entry(nil, "a command of another release", true),
	)
})
