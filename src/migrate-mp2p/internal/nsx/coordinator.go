package nsx

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	coordinatorService = "/api/v1/node/services/migration-coordinator"
	promotionPath      = migrationAPI + "mp-to-policy"
)

// CoordinatorService reads whether the coordinator service runs on the pinned node.
func (c *Client) CoordinatorService(ctx context.Context) (mp.ServiceStatus, error) {
	var s mp.ServiceStatus
	err := c.coordinate(ctx, request{method: http.MethodGet, path: coordinatorService + "/status", out: status{&s}})
	return s, err
}

// StartCoordinator starts the service and returns before it answers, which may take minutes. A service that runs
// already stays as it is.
func (c *Client) StartCoordinator(ctx context.Context) error { return c.serviceAction(ctx, "start") }

// StopCoordinator stops the service.
func (c *Client) StopCoordinator(ctx context.Context) error { return c.serviceAction(ctx, "stop") }

func (c *Client) serviceAction(ctx context.Context, action string) error {
	return c.coordinate(ctx, request{
		method: http.MethodPost, path: coordinatorService, query: url.Values{"action": {action}}, manner: manner{repeatable: true},
	})
}

// MigrationStatus reads the state of plan and components. KindCoordinatorDown means that the service does not answer.
func (c *Client) MigrationStatus(ctx context.Context) (mp.MigrationStatus, error) {
	var s mp.MigrationStatus
	err := c.coordinate(ctx, request{method: http.MethodGet, path: migrationAPI + "status-summary", out: status{&s}})
	return s, err
}

// Initiate opens the workflow (workflow?action=INITIATE, vmware-nsx nsx-migrate-t2p; absent from public references).
func (c *Client) Initiate(ctx context.Context) error {
	return c.coordinate(ctx, request{
		method: http.MethodPost, path: promotionPath + "/workflow", query: url.Values{"action": {"INITIATE"}},
	})
}

// Done ends the workflow, after which NSX realises the Policy objects. It takes up to the finish time-out. A coordinator
// that stays busy for some seconds is a KindCoordinatorBusy: it may be at work on an earlier DONE, which the caller sees.
func (c *Client) Done(ctx context.Context) error {
	return c.coordinate(ctx, request{
		method: http.MethodPost, path: promotionPath + "/workflow", query: url.Values{"action": {"DONE"}},
		manner: manner{timeout: c.options.FinishTimeout, attempts: doneAttempts},
	})
}

// doneAttempts is how often DONE is sent while it is known not to have been carried out: some seconds long.
const doneAttempts = 6

// Promote hands a batch over; NSX stores it until the plan is started.
func (c *Client) Promote(ctx context.Context, p mp.Promotion) error {
	return c.coordinate(ctx, request{method: http.MethodPost, path: promotionPath, body: p})
}

// PlanAction sends start, continue or abort to the plan. It returns at once; the status tells how it goes on.
func (c *Client) PlanAction(ctx context.Context, action string) error {
	return c.coordinate(ctx, request{
		method: http.MethodPost, path: migrationAPI + "plan", query: url.Values{"action": {action}}, manner: manner{planAction: true},
	})
}

// Rollback takes a batch back to Manager mode. It takes up to the finish time-out. SetupDetails must be nil: the call
// knows no such key.
func (c *Client) Rollback(ctx context.Context, p mp.Promotion) error {
	p.SetupDetails = nil
	return c.coordinate(ctx, request{
		method: http.MethodPost, path: promotionPath + "/rollback", body: p, manner: manner{timeout: c.options.FinishTimeout},
	})
}

// MigratedResources delivers what the coordinator says it has migrated, of one type unless it is empty, and of one
// Manager id unless that is empty. KindCoordinatorDown comes at once.
func (c *Client) MigratedResources(ctx context.Context, resourceType, id string, each func(mp.MigratedResource) error) error {
	params := url.Values{}
	if resourceType != "" {
		params.Set("resource_type", resourceType)
	}
	if id != "" {
		params.Set("resource_id", id)
	}
	ask := func(ctx context.Context, r request) error {
		r.manner.mayBeDown = true
		return c.coordinate(ctx, r)
	}
	return eachOf(ctx, c, ask, migrationAPI+"migrated-resources", params, each)
}

// Feedback delivers what the coordinator complains about in the current promotion.
func (c *Client) Feedback(ctx context.Context, each func(mp.Feedback) error) error {
	return eachOf(ctx, c, c.coordinate, promotionPath+"/feedback", nil, each)
}

// eachOf delivers the objects of a collection one by one.
func eachOf[T any](ctx context.Context, c *Client, send sender, path string, params url.Values, each func(T) error) error {
	_, err := c.list(ctx, send, path, params, func(results []json.RawMessage) error {
		for _, raw := range results {
			var object T
			if err := json.Unmarshal(raw, &object); err != nil {
				return fmt.Errorf("reading an entry of %s: %w", path, err)
			}
			if err := each(object); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
