package manager

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

// A port that a Manager client makes on a switch of Policy gets a shadow: NSX itself makes a SegmentPort of it, and tells
// where by the port's tag policyPath (SAP driver G).

// What the notes of the routes of ports say about shadows.
const (
	shadowNote = api.Assumed + "a port made on a switch of Policy has its shadow at once; who made the port goes on changing " +
		"and deleting it, and the shadow follows its name, description, tags, state, attachment and addresses, " +
		"not its profiles; the tag policyPath stays whatever a PUT says; ports that were there before their switch was " +
		"promoted get none; why: NCP in Manager mode owns its ports wherever they are, and the shadow is said to be " +
		"automatic"
)

// completePort puts the place of the shadow among the tags of a port that has one. Only new ports get one.
func completePort(w *write) error {
	if w.old != nil && policy.ShadowOf(w.old) == "" {
		return nil
	}
	path := w.s.policy.ShadowPath(w.tx, w.fields)
	if path == "" && w.old == nil {
		return nil
	}
	tags := policy.OtherTags(w.fields)
	if path != "" {
		tags = append(tags, map[string]any{"scope": policy.PathScope, "tag": path})
	}
	w.fields["tags"] = tags
	return api.CheckTags(w.fields)
}

// portWritten lets the shadow follow a port.
func portWritten(w *write) error {
	if w.old != nil {
		if before := policy.ShadowOf(w.old); before != "" && before != w.s.policy.ShadowPath(w.tx, w.fields) {
			if err := w.s.policy.RemoveShadow(w.tx, before); err != nil {
				return err
			}
		}
	}
	return w.s.policy.CastShadow(w.tx, w.key)
}

// portRemoved takes the shadow along.
func portRemoved(d *removal) error {
	if path := policy.ShadowOf(d.target); path != "" {
		return d.s.policy.RemoveShadow(d.tx, path)
	}
	return nil
}
