// Package deps is a placeholder that keeps the vendored modules while the packages that use them are written.
package deps

import (
	_ "github.com/cenkalti/backoff/v4"
	_ "github.com/onsi/ginkgo/v2"
	_ "github.com/onsi/gomega"
	_ "github.com/onsi/gomega/gbytes"
	_ "github.com/onsi/gomega/gexec"
	_ "github.com/onsi/gomega/ghttp"
	_ "github.com/onsi/gomega/gstruct"
	_ "github.com/sirupsen/logrus"
	_ "github.com/sirupsen/logrus/hooks/test"
	_ "go.etcd.io/bbolt"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/time/rate"
	_ "gopkg.in/yaml.v3"
)
