// Command schema writes the tables of nsxsim/schema: which fields the bodies of the Manager and Policy API have, of
// which kind, which are required and which values they may take. It reads them from the sources of VMware's Go SDK for
// NSX (the modules nsxt-mp and nsxt of github.com/vmware/vsphere-automation-sdk-go, at the versions in go.mod), in which
// each type stands three times over:
//
//   - as a struct, whose comments name the constants of enumerated fields,
//   - as constants, which hold the values and the name of the type where several types are possible,
//   - as a function <Type>BindingType, which holds the fields' names in JSON, their kinds and whether they are optional.
//
// The sources are parsed, not linked: the two packages have 260,000 lines. Only facts are taken over, no code and no
// text.
//
//	cd src/e2e && go run ./cmd/schema
//
// Which types are wanted is in roots.go; whatever their fields refer to comes along.
package main
