package run

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

var _ = DescribeTable("the last line says of the scope that the code does not speak of whatever is not as it should be [R20]",
	func(judged mp.Scope, code int, scopes []report.ScopeState, done []finished, want string) {
		out := report.Outcome{Code: code, Meaning: "so it is", Next: []string{"go on"}}
		besides(&out, ending{judged: judged, scopes: scopes}, done, advice{surroundings: surroundings{Rerun: "again"}})
		Expect(out.Meaning).To(Equal("so it is" + want))
	},
	Entry("nothing where all is well", mp.NCP, AllPolicy,
		[]report.ScopeState{{Scope: "shared", Policy: 8}, {Scope: "ncp", Policy: 5}}, nil, ""),
	Entry("shared objects of which NSX does not say what they are", mp.NCP, AllPolicy,
		[]report.ScopeState{{Scope: "shared", Policy: 7, Undecided: 1}, {Scope: "ncp", Policy: 5}}, nil, "; scope shared: 7 Policy, 0 Manager, 1 undecided"),
	Entry("shared objects that are all Manager below NCP's that are all Policy", mp.NCP, AllPolicy,
		[]report.ScopeState{{Scope: "shared", Manager: 8}, {Scope: "ncp", Policy: 5}}, nil, "; scope shared: 0 Policy, 8 Manager"),
	Entry("nothing of shared objects that are Manager like NCP's", mp.NCP, AllManager,
		[]report.ScopeState{{Scope: "shared", Manager: 8}, {Scope: "ncp", Manager: 5}}, nil, ""),
	Entry("that NCP's objects are half-way where the shared ones are judged", mp.Shared, AllPolicy,
		[]report.ScopeState{{Scope: "shared", Policy: 8}, {Scope: "ncp", Policy: 2, Manager: 3}}, nil, "; scope ncp: 2 Policy, 3 Manager"),
	Entry("that what an adopting run had not sent stays Policy", mp.NCP, Mixed,
		[]report.ScopeState{{Scope: "ncp", Policy: 2, Manager: 3}},
		[]finished{{scope: mp.NCP, state: records.RolledBack, adopted: 2, failure: "NSX refuses"}},
		"; scope ncp was rolled back as far as this run had sent it, and 2 adopted objects are still Policy: NSX refuses"),
	Entry("that the shared run was rolled back, so that NCP's never began", mp.NCP, AllManager,
		[]report.ScopeState{{Scope: "shared", Manager: 8}, {Scope: "ncp", Manager: 5}},
		[]finished{{scope: mp.Shared, state: records.RolledBack, failure: "NSX refuses"}}, "; scope shared was rolled back: NSX refuses"),
	Entry("nothing of a rollback that a later run of the same scope made up for", mp.NCP, AllPolicy,
		[]report.ScopeState{{Scope: "ncp", Policy: 5}},
		[]finished{{scope: mp.NCP, state: records.RolledBack}, {scope: mp.NCP, state: records.Complete, census: &Counts{}}}, ""),
	Entry("the first line of a long failure, cut to what a line can hold", mp.NCP, AllManager, nil,
		[]finished{{scope: mp.Shared, state: records.RolledBack, failure: strings.Repeat("é", 200) + "\nmore"}},
		"; scope shared was rolled back: "+strings.Repeat("é", 150)+" ..."),
)
