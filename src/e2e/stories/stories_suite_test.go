package stories_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	"nsx-mp2p/e2e/programs"
)

func TestStories(t *testing.T) {
	RegisterFailHandler(Fail)
	format.MaxLength = 0 // the whole output of a program
	RunSpecs(t, "stories")
}

// built are the programs under test. The first process builds them for all.
var built *programs.Programs

// common is what the first process makes for all.
type common struct {
	Programs string // folder
	Clusters map[string]cluster
}

var _ = SynchronizedBeforeSuite(func(ctx context.Context) []byte {
	folder, err := os.MkdirTemp("", "programs-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, folder)
	_, err = programs.Build(ctx, folder)
	Expect(err).NotTo(HaveOccurred())
	made := common{Programs: folder, Clusters: map[string]cluster{}}
	for _, platform := range []string{"tkgi", "kubernetes"} {
		made.Clusters[platform] = startCluster(ctx, platform, folder)
	}
	text, err := json.Marshal(made)
	Expect(err).NotTo(HaveOccurred())
	return text
}, func(text []byte) {
	var made common
	Expect(json.Unmarshal(text, &made)).To(Succeed())
	built, clusters = programs.In(made.Programs), made.Clusters
})

var _ = Describe("an operator", func() {
	paths, err := filepath.Glob("*/story.yaml")
	if err != nil {
		panic(err)
	}
	stories := exitCodes("exit-codes/table.yaml")
	for _, path := range paths {
		stories = append(stories, readStories(path)...)
	}
	for _, s := range stories {
		It(s.Title, func(ctx context.Context) { newStage(ctx, s).play(ctx, s.Steps) }, NodeTimeout(storyTime))
	}
})
