package main

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the tables of nsxsim/schema", func() {
	for _, t := range tables() {
		It("say what the SDK says: "+t.file, func() {
			made, err := write(t)
			Expect(err).NotTo(HaveOccurred())
			present, err := os.ReadFile(filepath.Join("..", "..", target, t.file))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(present) == made).To(BeTrue(), "run: cd src/e2e && go run ./cmd/schema")
		})
	}

	It("cannot be made for a type that the SDK lacks", func() {
		t := tables()[0]
		t.roots = []string{"Nonsense"}
		_, err := write(t)
		Expect(err).To(MatchError(ContainSubstring("wanting type Nonsense")))
	})
})
