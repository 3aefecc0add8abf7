package liar_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLiar(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "liar")
}
