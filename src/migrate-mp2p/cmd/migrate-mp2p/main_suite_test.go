package main

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestMigrateMP2P(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "migrate-mp2p")
}
