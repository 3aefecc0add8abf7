package updates

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// finishRounds is how often updates are sent that NSX took and does not show, before that is left to a further run.
const finishRounds = 3

// FinishInput is everything that phase 4 works on until nothing is left to do.
type FinishInput struct {
	API     API
	Records VerifyRecords
	Rules   *Rules
	Env     Env           // Scope and Cluster are those of the records
	Index   time.Duration // how long the search index may take to catch up
	Total   int           // migrated objects, for the progress
	Waive   []string      // Policy paths whose updates the operator lets go
	Reinfer bool          // infer refused updates anew, from rules that the operator has corrected
	Sleep   func(context.Context, time.Duration) error
	Events  Events
	// IndexLost is told that Search does not work for good and that the objects are read directly; it may be nil.
	IndexLost func(cause error)
}

// FinishResult counts all updates of the run, as the records have them afterwards.
type FinishResult struct {
	Applied   int
	Gone      int
	Waived    int
	Refused   int          // pending, with URL, body and NSX's answer
	Pending   int          // pending for another reason
	NotWaived []string     // paths in FinishInput.Waive that name no pending update
	Verified  VerifyResult // of the last read; zero when an error came before it
}

// Total is the number of all updates of the run.
func (r FinishResult) Total() int { return r.Applied + r.Gone + r.Waived + r.Left() }

// Left is the number of updates that a further run has to send.
func (r FinishResult) Left() int { return r.Refused + r.Pending }

func (r FinishResult) String() string {
	return fmt.Sprintf("%d applied, %d gone, %d waived, %d refused, %d pending", r.Applied, r.Gone, r.Waived, r.Refused, r.Pending)
}

// Finish applies the pending updates and reads all objects once more; what does not show its update is sent again, at
// most three times in all. Nothing is left to do when there is no error and Left is 0: then every object was read in the
// state that the rules want. The result is right with an error, too, unless the records cannot be read.
func Finish(ctx context.Context, in FinishInput) (FinishResult, error) {
	result := FinishResult{}
	err := in.rounds(ctx, &result)
	counted := in.Records.Updates(func(u records.Update) error {
		switch {
		case u.State == records.UpdateApplied:
			result.Applied++
		case u.State == records.UpdateGone:
			result.Gone++
		case u.State == records.UpdateWaived:
			result.Waived++
		case u.URL != "":
			result.Refused++
		default:
			result.Pending++
		}
		return nil
	})
	if counted != nil {
		err = errors.Join(err, fmt.Errorf("counting updates: %w", counted))
	}
	return result, err
}

func (in FinishInput) rounds(ctx context.Context, result *FinishResult) error {
	apply := ApplyInput{API: in.API, Records: in.Records, Scope: in.Env.Scope, Cluster: in.Env.Cluster, Waive: in.Waive, Events: in.Events}
	if in.Reinfer {
		apply.Reinfer = &Reinfer{Originals: in.Records, Rules: in.Rules, Env: in.Env}
	}
	for round := 1; ; round++ {
		applied, err := Apply(ctx, apply)
		if round == 1 {
			result.NotWaived = applied.NotWaived
		}
		if err != nil {
			return err
		}
		result.Verified, err = Verify(ctx, VerifyInput{
			API: in.API, Records: in.Records, Rules: in.Rules, Env: in.Env, Index: in.Index, Total: in.Total, Sleep: in.Sleep, Events: in.Events,
			IndexLost: in.IndexLost,
		})
		if err != nil || result.Verified.Pending == 0 || round == finishRounds {
			return err
		}
		in.Events.Waiting(fmt.Sprintf("NSX does not show %d updates that it took; sending them again", result.Verified.Pending))
	}
}
