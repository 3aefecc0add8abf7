package plan

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
)

// adopt makes the batches of the objects that are taken over, as if they were to be sent, with the Policy paths that NSX
// shows. They are no reason why there is no plan: whatever is missing of them, they are Policy.
func (b *builder) adopt() {
	taken := slices.DeleteFunc(slices.Clone(b.inv.Policy), func(o *inventory.Object) bool { return !b.options.Adopt[o.Ref] })
	if len(taken) == 0 {
		return
	}
	b.plan.AlreadyPolicy -= len(taken)
	problems, planned := b.problems, b.objects
	b.objects = inOrder(taken, b.options.Catalog)
	for _, o := range b.objects {
		if b.entry(o).PolicyPath != "" { // else NSX decides where it goes, and the tag is that of a part
			b.paths[o] = o.PolicyPath
		}
		b.noteReferences(o)
	}
	for _, e := range b.options.Catalog.Entries() {
		if of := b.ofType(e.Type); len(of) > 0 {
			for _, objects := range b.pack(of, e) {
				b.plan.Adopted = append(b.plan.Adopted, b.batch(e, objects))
			}
		}
	}
	b.problems, b.objects = problems, planned
}

// noteReferences keeps the Policy paths of what an object refers to outside the plan, which the update rules ask for.
func (b *builder) noteReferences(o *inventory.Object) {
	for _, ref := range append([]inventory.Reference{{To: o.Parent}}, o.Refs...) {
		if _, ours := b.planned[ref.To.ID]; ours {
			continue
		}
		if p, known := b.pathOf(ref.To.ID); known && p != "" {
			b.plan.References[ref.To.ID] = p
		}
	}
}
