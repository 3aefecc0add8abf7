// Package rendering_test renders the job's templates with the bosh CLI's own renderer and compares them with
// testdata/<case>/expected. To accept new output, read it after `go test ./rendering -update`.
package rendering_test
