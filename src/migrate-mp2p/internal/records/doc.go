// Package records keeps what a run has done so far, whatever happens to it: a kill, a power cut, a full disk.
//
// The records are one bbolt file in a folder of their own. A step of a run is one transaction: the intent is
// committed before the call to NSX leaves, the outcome after the answer has come. What is on disk therefore
// decides what the next execution does, never what the program remembered.
//
// # What must hold
//
//  1. Every write transaction is synced to disk when the method that made it returns without an error.
//  2. A method that returns an error has changed nothing that counts. Plans and inferred updates are written in several
//     transactions, under a state that does not know them yet: whoever comes after an error discards them. Two exceptions
//     say so: AddUpdates may have added some, and *ErrAfterArchive means that the run is archived.
//  3. Run, batches and updates move only along the arrows of chart.go. Each state of a batch stands on disk before the call
//     that it names, and a claim has a state of its own: returned is what NSX answered, rolled-back what was read.
//  4. Only objects of a batch can become migration records, and never those taken out of it. They go only in the
//     transaction that says that the batch is rolled back.
//  5. The header is the last row that Create writes, so rows without a header belong to nobody.
//  6. One process at a time has the records open for writing; the kernel lock ends with the process.
//  7. Archives are ordered by their sequence, whatever the wall clock said, and only those of finished runs claim objects.
//
// # What to know when using it
//
//   - A Store may be used by several goroutines.
//   - The functions given to Batches, Migrated, Originals and Updates run outside of any transaction, so they
//     may take their time and may call the Store again.
//   - A row is a checksum and JSON. A row that fails its checksum makes Open return *ErrDamaged; the file is
//     then left as it was found, for a person to look at.
//   - bbolt does not shrink its file. That is what Reserve relies on: pages once written stay with the file, so
//     that a disk that fills up later cannot stop a rollback. On copy-on-write filesystems (btrfs, zfs) this
//     does not hold.
package records
