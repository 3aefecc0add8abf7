package policyid_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestPolicyID(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Policy ids")
}
