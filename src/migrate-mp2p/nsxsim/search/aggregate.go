package search

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var aggregateNotes = []string{
	"primary and related with resource_type, alias, filters (field_names, value, case_sensitive) and included_fields (Broadcom API docs 2.2); the primary objects are paged as in a query",
	api.Assumed + "filters are all required, and * and ? are wildcards in them; included_fields works on both flavours here; why: the public page shows lists of filters, and no case in which one fails",
	api.Assumed + "join_condition is <field of the primary>:<field of the related>; equal values join; why: the public page shows one example",
	api.Assumed + "related objects are cut at size, default 1000, and counted in full by result_count; why: the fields are named so",
}

// aggregateRequest is the body of an aggregate search.
type aggregateRequest struct {
	Primary aggregatePart   `json:"primary"`
	Related []aggregatePart `json:"related"`
}

// aggregatePart asks for objects of one type. Only related ones have a join_condition and a size.
type aggregatePart struct {
	ResourceType   string            `json:"resource_type"`
	Alias          string            `json:"alias"`
	Filters        []aggregateFilter `json:"filters"`
	IncludedFields string            `json:"included_fields"`
	JoinCondition  string            `json:"join_condition"`
	Size           *int              `json:"size"`
}

// aggregateFilter is the SDK's FilterRequest; it looks at case unless told otherwise.
type aggregateFilter struct {
	FieldNames    string `json:"field_names"`
	Value         string `json:"value"`
	CaseSensitive *bool  `json:"case_sensitive"`
}

// aggregateResult is one primary object with what is related to it.
type aggregateResult struct {
	Primary json.RawMessage    `json:"primary"`
	Related []aggregateRelated `json:"related"`
}

type aggregateRelated struct {
	Alias       string            `json:"alias,omitempty"`
	ResultCount int               `json:"result_count"`
	Results     []json.RawMessage `json:"results"`
}

// aggregate answers a search for objects together with others that refer to them.
func (s *API) aggregate(f flavour) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		if err := s.indexReady(); err != nil {
			return nil, err
		}
		var request aggregateRequest
		if bad := readSearchBody(r.Body, &request); bad != nil {
			return nil, bad
		}
		primary, err := request.Primary.query("primary")
		if err != nil {
			return nil, err
		}
		joins, err := request.joins()
		if err != nil {
			return nil, err
		}
		start, size, err := s.searchWindow(r)
		if err != nil {
			return nil, err
		}
		answer := struct {
			Results     []aggregateResult `json:"results"`
			ResultCount int               `json:"result_count"`
			Cursor      string            `json:"cursor"`
		}{Results: []aggregateResult{}}
		finder := s.finder(f, primary)
		err = s.store.View(func(tx *store.Tx) error {
			found, err := s.found(tx, r, finder, primary)
			if err != nil {
				return err
			}
			start = min(start, len(found.Objects))
			end := min(start+size, len(found.Objects))
			answer.ResultCount, answer.Cursor = len(found.Objects), strconv.Itoa(end)
			page, err := finder.fill(tx, found.Objects[start:end])
			if err != nil {
				return err
			}
			for _, o := range page {
				one := aggregateResult{Primary: request.Primary.show(o), Related: []aggregateRelated{}}
				for _, join := range joins {
					one.Related = append(one.Related, join.related(o, f.side(tx)))
				}
				answer.Results = append(answer.Results, one)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return api.OK(answer)
	}
}

// query makes the query of a part. name is its place in the body.
func (p aggregatePart) query(name string) (*grammar.Query, error) {
	if p.ResourceType == "" {
		return nil, api.InvalidField(name+".resource_type", "it is required")
	}
	queries := []*grammar.Query{grammar.Filter([]string{"resource_type"}, p.ResourceType, false)}
	for _, filter := range p.Filters {
		if filter.FieldNames == "" {
			return nil, api.InvalidField(name+".filters.field_names", "it is required")
		}
		sensitive := filter.CaseSensitive == nil || *filter.CaseSensitive
		queries = append(queries, grammar.Filter(names(filter.FieldNames), filter.Value, sensitive))
	}
	return grammar.All(queries...), nil
}

// show is an object with the wanted fields.
func (p aggregatePart) show(o *store.Object) json.RawMessage {
	if p.IncludedFields == "" {
		return o.Body
	}
	return listing.Project(o, names(p.IncludedFields))
}

// names reads names that commas separate.
func names(list string) []string {
	split := strings.Split(list, ",")
	for i := range split {
		split[i] = strings.TrimSpace(split[i])
	}
	return split
}

// join is a related part, ready to be run.
type join struct {
	part     aggregatePart
	query    *grammar.Query
	from, to string
	size     int
}

func (a aggregateRequest) joins() ([]join, error) {
	var joins []join
	for _, part := range a.Related {
		query, err := part.query("related")
		if err != nil {
			return nil, err
		}
		from, to, ok := strings.Cut(part.JoinCondition, ":")
		if from, to = strings.TrimSpace(from), strings.TrimSpace(to); !ok || from == "" || to == "" {
			return nil, api.InvalidField("related.join_condition", "%q is not of the form field:field", part.JoinCondition)
		}
		size := listing.MaxPage
		if part.Size != nil {
			size = *part.Size
		}
		if size < 0 || size > listing.MaxPage {
			return nil, api.InvalidField("related.size", "%d is not between 0 and %d", size, listing.MaxPage)
		}
		joins = append(joins, join{part: part, query: query, from: from, to: to, size: size})
	}
	return joins, nil
}

// related finds what belongs to one primary object.
func (j join) related(o *store.Object, space *store.Space) aggregateRelated {
	out := aggregateRelated{Alias: j.part.Alias, Results: []json.RawMessage{}}
	wanted := grammar.Values(o, j.from)
	if len(wanted) == 0 {
		return out
	}
	for _, other := range j.query.Run(space) {
		if !slices.ContainsFunc(grammar.Values(other, j.to), func(value string) bool { return slices.Contains(wanted, value) }) {
			continue
		}
		if out.ResultCount++; len(out.Results) < j.size {
			out.Results = append(out.Results, j.part.show(other))
		}
	}
	return out
}
