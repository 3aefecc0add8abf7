package coordinator

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// getFeedback lists what failed, by the location's workflow.
func (c *Coordinator) getFeedback(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := c.at(r.Query)
	if err != nil {
		return nil, err
	}
	failures := at.Feedback
	if at.current {
		failures = c.state.Feedback
	}
	rows := []any{}
	for _, row := range failures {
		rows = append(rows, map[string]any{"type": row.Type, "mp_id": row.ID, "mp_display_name": row.Name, "error_list": errorList(row)})
	}
	return page(r.Query, chosen(rows, r, map[string]string{"resource_type": "type", "mp_id": "mp_id", "mp_display_name": "mp_display_name"}))
}

func errorList(row failure) []any {
	return []any{map[string]any{"error_id": strconv.Itoa(codeRefused), "error_desc": row.Text}}
}

func (c *Coordinator) getPromotionState(context.Context, *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := "PROMOTION_NOT_IN_PROGRESS"
	switch {
	case c.state.Undo != nil && c.state.Undo.Cancel:
		state = "CANCELLING_PROMOTION"
	case c.state.CancelFailed:
		state = "CANCEL_FAILED"
	case c.state.Workflow || c.state.running():
		state = "PROMOTION_IN_PROGRESS"
	}
	return api.OK(map[string]any{"mp_policy_promotion": state})
}

// getHistory lists all runs at once: this list has neither count nor cursor ("NSX Go SDK").
func (c *Coordinator) getHistory(context.Context, *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := []any{}
	for _, one := range c.state.History {
		rows = append(rows, map[string]any{"date_time": strconv.FormatInt(one.At, 10), "status": one.Status})
	}
	return api.OK(map[string]any{"results": rows})
}

func (c *Coordinator) getMigrated(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := checkType(r.Query); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := []any{}
	for _, one := range c.sortedRecords(func(*record) bool { return true }) {
		row := map[string]any{"resource_type": one.Type, "resource_id": one.ManagerID, "policy_id": one.PolicyID, "policy_path": one.PolicyPath}
		if one.ParentID != "" {
			row["parent_resource_type"], row["parent_resource_id"] = one.ParentType, one.ParentID
		}
		rows = append(rows, row)
	}
	return page(r.Query, chosen(rows, r, map[string]string{"resource_type": "resource_type", "resource_id": "resource_id"}))
}

// checkType refuses a resource_type that is none.
func checkType(query url.Values) error {
	if name := query.Get("resource_type"); query.Has("resource_type") {
		if _, known := kindOf(name); !known {
			return refuse("Unknown resource_type %q.", name)
		}
	}
	return nil
}

// getObjectIDs lists what is left of a type, by owner ("NSX Go SDK"): Manager objects that
// neither Policy nor the system owns.
func (c *Coordinator) getObjectIDs(_ context.Context, r *api.Request) (*api.Response, error) {
	if !r.Query.Has("resource_type") {
		return nil, refuse("resource_type is missing.")
	}
	if err := checkType(r.Query); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, _ := kindOf(r.Query.Get("resource_type"))
	part := r.Query.Get("filter_value")
	left := map[string][]any{}
	err := c.store.View(func(tx *store.Tx) error {
		for _, o := range c.candidates(newLookups(tx), k) {
			if strings.Contains(o.ID, part) || strings.Contains(o.DisplayName, part) {
				left[o.Owner] = append(left[o.Owner], map[string]any{"manager_id": o.ID, "linked_id": k.parent(o)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for _, owner := range sortedKeys(left) {
		rows = append(rows, map[string]any{"principle_identity": owner, "resource_ids": left[owner]})
	}
	return page(r.Query, rows)
}

// wants tells whether a query parameter, if it is there, has this value.
func wants(query url.Values, name, value string) bool {
	return !query.Has(name) || query.Get(name) == value
}

// chosen are the rows that pass the filters: query parameters and the fields that they
// are about.
func chosen(rows []any, r *api.Request, filters map[string]string) []any {
	return slices.DeleteFunc(rows, func(row any) bool {
		for parameter, name := range filters {
			if !wants(r.Query, parameter, cell(row, name)) {
				return true
			}
		}
		return false
	})
}

// cell is one field of a row as text.
func cell(row any, name string) string {
	fields, _ := row.(map[string]any)
	return fmt.Sprint(fields[name])
}

// maxPage is NSX's page size, and its limit.
const maxPage = 1000

// page sorts and cuts a list. Its cursor is opaque and absent at the end, as those of
// all lists but Search ("nsxlib"); the count is set on the first page only ("NSX Go
// SDK").
func page(query url.Values, rows []any) (*api.Response, error) {
	size := maxPage
	if given := query.Get("page_size"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 0 || n > maxPage {
			return nil, refuse("page_size %q is not between 0 and %d.", given, maxPage)
		}
		if n > 0 {
			size = n
		}
	}
	from := 0
	if cursor := query.Get("cursor"); cursor != "" {
		raw, err := base64.URLEncoding.DecodeString(cursor)
		if err == nil {
			from, err = strconv.Atoi(strings.TrimPrefix(string(raw), "from:"))
		}
		if err != nil || from < 0 || from > len(rows) {
			return nil, refuse("cursor %q is not valid.", cursor)
		}
	}
	sortRows(query, rows)
	to := min(from+size, len(rows))
	body := map[string]any{"results": included(query, rows[from:to])}
	if from == 0 {
		body["result_count"] = len(rows)
	}
	if to < len(rows) {
		body["cursor"] = base64.URLEncoding.EncodeToString([]byte("from:" + strconv.Itoa(to)))
	}
	return api.OK(body)
}

// sortRows obeys sort_by and sort_ascending.
func sortRows(query url.Values, rows []any) {
	name := query.Get("sort_by")
	if name == "" {
		return
	}
	slices.SortStableFunc(rows, func(a, b any) int {
		order := cmp.Compare(cell(a, name), cell(b, name))
		if query.Get("sort_ascending") == "false" {
			return -order
		}
		return order
	})
}

// included obeys included_fields.
func included(query url.Values, rows []any) []any {
	if !query.Has("included_fields") {
		return rows
	}
	names := strings.Split(query.Get("included_fields"), ",")
	cut := []any{}
	for _, row := range rows {
		fields, _ := row.(map[string]any)
		kept := map[string]any{}
		copyFields(kept, fields, names...)
		cut = append(cut, kept)
	}
	return cut
}
