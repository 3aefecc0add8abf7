package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// inParallel runs tasks, at most limit at once, and waits for all. The first failure ends the others; a panic is a
// failure like any other. The errors of all that failed by themselves are joined, in the order of the tasks.
func inParallel(ctx context.Context, limit int, tasks []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, limit)
	failures := make([]error, len(tasks))
	var all sync.WaitGroup
	for i, task := range tasks {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if failures[i] = recovered(ctx, task); failures[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return first(failures)
}

// recovered turns a panic into an error.
func recovered(ctx context.Context, task func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("a programming error: %v", cause)
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	return task(ctx)
}

// first joins the failures that are not merely the end of the others.
func first(failures []error) error {
	var causes, ended []error
	for _, err := range failures {
		switch {
		case errors.Is(err, context.Canceled):
			ended = append(ended, err)
		case err != nil:
			causes = append(causes, err)
		}
	}
	if len(causes) == 0 && len(ended) > 0 {
		return ended[0]
	}
	return errors.Join(causes...)
}

// oneAtATime lets several goroutines call a function that is made for one.
func oneAtATime(tell func(string)) func(string) {
	if tell == nil {
		return func(string) {}
	}
	var mu sync.Mutex
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		tell(text)
	}
}
