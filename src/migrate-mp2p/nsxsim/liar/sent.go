package liar

import (
	"context"
	"net/http/httptrace"
	"sync"
)

type sentKey struct{}

// sentMark is closed once, when a request has been written to NSX or can never be.
type sentMark struct {
	once sync.Once
	sent chan struct{}
}

func (m *sentMark) close() { m.once.Do(func() { close(m.sent) }) }

// withSent asks that the channel be closed when the request has left.
func withSent(ctx context.Context, sent chan struct{}) context.Context {
	return context.WithValue(ctx, sentKey{}, &sentMark{sent: sent})
}

func markSent(ctx context.Context) {
	if mark, ok := ctx.Value(sentKey{}).(*sentMark); ok {
		mark.close()
	}
}

func traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { markSent(ctx) },
	})
}
