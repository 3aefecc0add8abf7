package run

import "nsx-mp2p/migrate-mp2p/internal/records"

// OnDisk lets a spec change what is asked of the records' disk.
func (r *Runner) OnDisk(change func(*records.Options)) { r.onDisk = change }
