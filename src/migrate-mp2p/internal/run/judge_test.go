package run_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

var _ = DescribeTable("the exit code follows from the state left behind, and from nothing else [I2] [R18]",
	func(f run.Facts, code int) { Expect(run.Judge(f)).To(Equal(code)) },

	Entry("disarmed, no records", run.Facts{}, run.AllPolicy),
	Entry("disarmed, unfinished records", run.Facts{Unfinished: records.Migrating, Sent: true}, run.Mixed),
	Entry("disarmed, unfinished records that sent nothing", run.Facts{Unfinished: records.Planned}, run.Mixed),
	Entry("all Policy", run.Facts{Armed: true, Census: &run.Counts{Policy: 5}}, run.AllPolicy),
	Entry("all Manager", run.Facts{Armed: true, Census: &run.Counts{Manager: 5}}, run.AllManager),
	Entry("some of both", run.Facts{Armed: true, Census: &run.Counts{Manager: 1, Policy: 4}}, run.Mixed),
	Entry("an object that shows neither", run.Facts{Armed: true, Census: &run.Counts{Policy: 4, Undecided: 1}}, run.CannotTell),
	Entry("no object at all", run.Facts{Armed: true, Census: &run.Counts{}}, run.CannotTell),
	Entry("NSX could not be read", run.Facts{Armed: true}, run.CannotTell),
	Entry("NSX could not be read, batches were sent", run.Facts{Armed: true, Unfinished: records.Migrating, Sent: true}, run.Mixed),
	Entry("all Manager now, but a batch is unsettled", run.Facts{Armed: true, Unfinished: records.RollingBack, Sent: true, Unsettled: 1, Census: &run.Counts{Manager: 5}}, run.Mixed),
	Entry("all Policy, updates pending", run.Facts{Armed: true, Unfinished: records.Applying, Sent: true, Pending: 3, Census: &run.Counts{Policy: 5}}, run.Mixed),
	Entry("all Policy, DONE not known to have taken effect", run.Facts{Armed: true, Unfinished: records.Committing, Sent: true, Census: &run.Counts{Policy: 5}}, run.Mixed),
	Entry("all Policy, only the archive is missing", run.Facts{Armed: true, Unfinished: records.Complete, Sent: true, Census: &run.Counts{Policy: 5}}, run.AllPolicy),
	Entry("all Manager, only the archive is missing", run.Facts{Armed: true, Unfinished: records.RolledBack, Sent: true, Census: &run.Counts{Manager: 5}}, run.AllManager),
	Entry("planned, nothing sent, all Manager", run.Facts{Armed: true, Unfinished: records.Planned, Census: &run.Counts{Manager: 5}}, run.AllManager),
	Entry("Policy objects that nobody's records claim", run.Facts{Armed: true, Suspect: true, Census: &run.Counts{Policy: 5}}, run.Mixed),
	Entry("all Policy, but adopted objects were left when the run went back", run.Facts{Armed: true, Adopted: 3, Census: &run.Counts{Policy: 5}}, run.Mixed),
	Entry("all Policy, but nobody looked whether the end has reached them", run.Facts{Armed: true, Unproven: true, Census: &run.Counts{Policy: 5}}, run.CannotTell),
	Entry("all Manager, where nobody has to look", run.Facts{Armed: true, Unproven: true, Census: &run.Counts{Manager: 5}}, run.AllManager),
	Entry("SIGTERM before the end", run.Facts{Armed: true, Interrupted: true, Unfinished: records.Migrating, Sent: true}, run.Interrupted),
)
