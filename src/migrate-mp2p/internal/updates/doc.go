// Package updates is phases 3 and 4: it infers which tags and display names NCP expects of the promoted objects
// (Rules, Infer), puts them onto the Policy objects (Apply), and proves that they are there (Verify).
//
// Invariants:
//  1. Only tags and display names change, those of embedded LB rules included. The wish is a records.Delta, which
//     cannot say anything else, and it is merged into the body that NSX has just given.
//  2. Rules decide purely: the same object, Policy object and environment give the same delta, and the delta of an
//     object that shows it already is empty. So everything here may be repeated.
//  3. Phase 4 writes with the revision that it read. A body that came out of a stale search index is refused by NSX,
//     read again from the object itself and merged anew; it never overwrites what somebody else changed.
//  4. An object that is gone is never created. Gone is what is in no list, of which NSX says that it does not exist, and
//     whose Manager object does not exist either. Where NSX contradicts itself the update stays pending with the reason;
//     where most objects are missing at once nothing is closed at all.
//  5. An answer to a write is a claim. Phase 4 is over when everything that the run migrated was read once more and the
//     rules find nothing left to do (Verify); Finish sends again what is not shown, three times in all. What the search
//     index shows is proof of what was done, never of what was not. An index that does not work shows nothing, and
//     everything is read by list or GET.
//  6. A rule that could never apply, since there is no such fact or the platform cannot look it up, is refused with its
//     line before anything is sent; none is skipped silently.
//  7. Inferring is all or nothing; every object that cannot be inferred is listed.
//
// Caveats:
//   - NSX checks revisions in a hierarchical PATCH only when asked to (enforce_revision_check, NSX Go SDK); the client's
//     PatchInfra must do so.
//   - Whether NSX refuses a body with a revision for an object that has just been deleted is UNKNOWN. Objects that are
//     read by list or GET are known to exist a moment before the write. For those read from the search index, such as
//     ports in thousands of segments, the moment is as long as the index is behind; a reader of one list per segment
//     would be exact and a hundred times as expensive.
package updates
