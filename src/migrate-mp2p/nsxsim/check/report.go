package check

import (
	"bytes"
	"fmt"
	"io"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Report is what Inspect found.
type Report struct {
	Cluster string `json:"cluster"`
	// Platform is tas, tkgi or kubernetes, as the cluster's tags tell.
	Platform string `json:"platform"`
	// NCP counts what NCP of the cluster made, Shared what it refers to.
	NCP    Count `json:"ncp"`
	Shared Count `json:"shared"`
	// NodeNetwork counts what TKGI itself made for the nodes of the cluster.
	NodeNetwork Count `json:"node_network"`
	// Inconsistencies are about the whole NSX.
	Inconsistencies []string `json:"inconsistencies"`
	// NotReady is what NCP in Policy mode would miss; empty unless all is Policy.
	NotReady []Violation `json:"not_ready"`
	// Behind are intents that DONE left in ERROR or late; NCP may start all the same (ASSUMED). Empty unless all is Policy.
	Behind []Violation `json:"behind"`
	// Workloads says with which workloads NotReady was compared; empty where uids, ports and purposes were only looked at.
	Workloads string `json:"workloads,omitempty"`
}

// Options are what is known beside the state.
type Options struct {
	// Workloads are what runs on the cluster. With them every uid, port, protocol and purpose has to be exactly what they
	// say; without them it is enough that there is one.
	Workloads *Workloads
}

// Count tells where objects are.
type Count struct {
	Manager int `json:"manager"`
	Policy  int `json:"policy"`
	// HalfWay names the objects that are neither.
	HalfWay []string `json:"half_way"`
}

func (c *Count) add(at mode, name string) {
	switch at {
	case inManager:
		c.Manager++
	case inPolicy:
		c.Policy++
	default:
		c.HalfWay = append(c.HalfWay, name)
	}
}

// Violation is one thing that NCP in Policy mode expects of an object and does not
// find.
type Violation struct {
	Path string `json:"path"`
	// Row is the row of the readiness table, Assumed tells that no source proves it.
	Row     string `json:"row"`
	Assumed bool   `json:"assumed"`
	Text    string `json:"text"`
}

// Inspect judges a state from the view of one cluster, with nothing else to compare with.
func Inspect(st *store.Store, cluster string) (*Report, error) {
	return InspectWith(st, cluster, Options{})
}

// InspectWith judges a state from the view of one cluster. Workloads that cannot be compared with are an error: those of
// another cluster or for a foundation of TAS, and, once all is Policy, those that lack something for which NCP made
// objects.
func InspectWith(st *store.Store, cluster string, options Options) (*Report, error) {
	report := &Report{Cluster: cluster, Inconsistencies: []string{}, NotReady: []Violation{}, Behind: []Violation{}}
	for _, count := range report.counts() {
		count.HalfWay = []string{}
	}
	err := st.View(func(tx *store.Tx) error {
		v, err := newView(tx, cluster)
		if err != nil {
			return err
		}
		report.Platform = v.platform()
		if err := v.compareWith(options.Workloads, report.Platform); err != nil {
			return err
		}
		for _, o := range v.own() {
			at, _ := v.modeOf(o)
			report.NCP.add(at, o.Key)
		}
		for _, one := range v.allocations() {
			report.NCP.add(v.modeOfAllocation(one), one.key)
		}
		for _, o := range v.shared() {
			at, _ := v.modeOf(o)
			report.Shared.add(at, o.Key)
		}
		for _, o := range v.nodeNetwork() {
			at, _ := v.modeOf(o)
			report.NodeNetwork.add(at, o.Key)
		}
		report.Inconsistencies = append(report.Inconsistencies, v.inconsistencies()...)
		if !report.AllPolicy() {
			return nil
		}
		missing, behind, err := v.unrealized()
		if err != nil {
			return err
		}
		report.NotReady = append(append(report.NotReady, missing...), v.notReady(report.Platform)...)
		report.Behind = append(report.Behind, behind...)
		if v.workloads != nil {
			report.Workloads = v.workloads.String()
		}
		return v.lacks()
	})
	if err != nil {
		return nil, fmt.Errorf("checking the state for cluster %q: %w", cluster, err)
	}
	return report, nil
}

// counts are all counts of the report.
func (r *Report) counts() []*Count { return []*Count{&r.NCP, &r.Shared, &r.NodeNetwork} }

// AllPolicy tells that everything that NCP of the cluster made is Policy. A cluster
// without objects is neither all Policy nor all Manager.
func (r *Report) AllPolicy() bool {
	return r.NCP.Policy > 0 && r.NCP.Manager == 0 && len(r.NCP.HalfWay) == 0
}

// AllManager tells that everything that NCP of the cluster made is Manager.
func (r *Report) AllManager() bool {
	return r.NCP.Manager > 0 && r.NCP.Policy == 0 && len(r.NCP.HalfWay) == 0
}

// OK tells that the NSX is consistent and the cluster all Manager or all Policy. With a cluster in Manager mode the
// network of its nodes is there, too: a way back that brings back only one of them is none.
func (r *Report) OK() bool {
	return len(r.Inconsistencies) == 0 && (r.AllPolicy() || r.AllManager() && r.NodeNetwork.Policy == 0)
}

// Ready tells that all is Policy and NCP in Policy mode misses nothing.
func (r *Report) Ready() bool { return r.AllPolicy() && len(r.NotReady) == 0 }

// maxListed bounds how much of each list WriteText prints.
const maxListed = 20

// WriteText prints the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "cluster %s (%s)\n", r.Cluster, r.Platform)
	var halfWay []string
	for i, name := range []string{"NCP-created", "shared", "of the nodes"} {
		count := r.counts()[i]
		if count.Manager+count.Policy+len(count.HalfWay) > 0 || i < 2 {
			fmt.Fprintf(&out, "  %-12s %6d Manager %6d Policy %6d half-way\n", name, count.Manager, count.Policy, len(count.HalfWay))
		}
		halfWay = append(halfWay, count.HalfWay...)
	}
	if r.Workloads != "" {
		fmt.Fprintf(&out, "  compared with %s\n", r.Workloads)
	}
	list(&out, "half-way", halfWay)
	list(&out, "inconsistent", r.Inconsistencies)
	list(&out, "not ready for NCP in Policy mode", lines(r.NotReady))
	list(&out, "not realized, which does not keep NCP from starting", lines(r.Behind))
	fmt.Fprintln(&out, r.verdict())
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

func lines(violations []Violation) []string {
	var all []string
	for _, violation := range violations {
		all = append(all, violation.String())
	}
	return all
}

func list(out *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "%s: %d\n", title, len(lines))
	for i, line := range lines {
		if i == maxListed {
			fmt.Fprintf(out, "  ... and %d more\n", len(lines)-maxListed)
			return
		}
		fmt.Fprintf(out, "  %s\n", line)
	}
}

func (r *Report) verdict() string {
	switch {
	case r.NCP.Manager+r.NCP.Policy+len(r.NCP.HalfWay) == 0:
		return "verdict: this NSX has no objects of the cluster"
	case len(r.Inconsistencies) > 0:
		return "verdict: inconsistent"
	case r.AllManager() && r.NodeNetwork.Policy > 0:
		return "verdict: mixed: the cluster is Manager, of its nodes' network some is Policy"
	case r.AllManager():
		return "verdict: all Manager, consistent"
	case r.Ready():
		return "verdict: all Policy, consistent, ready for NCP"
	case r.AllPolicy():
		return "verdict: all Policy, consistent, not ready for NCP"
	}
	return "verdict: mixed"
}

// String is the violation in one line.
func (v Violation) String() string {
	mark := ""
	if v.Assumed {
		mark = " (ASSUMED)"
	}
	return fmt.Sprintf("%s: %s: %s%s", v.Path, v.Row, v.Text, mark)
}
