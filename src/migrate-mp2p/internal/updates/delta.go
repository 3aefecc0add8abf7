package updates

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"unicode/utf8"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// NSX's limits for tags, the lengths in characters (NCP docs 4.0).
const (
	maxTags     = 30
	maxTagScope = 128
	maxTagValue = 256
)

// Object is what the rules know of one object: what it was in Manager mode.
type Object struct {
	Type       catalog.Type
	ID         string // Manager id
	PolicyPath string // "" while the plan cannot know it
	Name       string
	Tags       []nsx.Tag
	Names      map[string]string // Manager id of an embedded LB rule -> its display name
	Facts      map[string]string // what the plan noted beyond tags
}

// Current is what the Policy object is now.
type Current struct {
	Name      string
	Tags      []nsx.Tag
	RuleNames []string // of the embedded LB rules
}

// Env is what the rules know of the run.
type Env struct {
	Platform       string
	Scope          catalog.Scope
	Cluster        string                                              // value of the ncp/cluster tag
	IDMap          func(managerID string) (policyPath string, ok bool) // of everything promoted, whoever did it
	Workloads      workloads.Source
	CriteriaScopes map[string]bool // tag scopes that group criteria ask for; such tags are never taken away
}

// Delta compares an object with what the rules want. It is pure. An empty delta means that nothing is left to do;
// the error is a *NotInferred with every reason.
func (r *Rules) Delta(o Object, current Current, env Env) (records.Delta, error) {
	b := builder{object: o, current: current, env: env}
	for i := range r.rules {
		if r.rules[i].fits(o, env) {
			b.apply(&r.rules[i])
		}
	}
	delta := b.delta()
	if len(b.problems) > 0 {
		return records.Delta{}, &NotInferred{Problems: b.problems}
	}
	return delta, nil
}

// Touches says whether any rule may apply to objects of a type in this run. Entries of a plan that become part of
// other Policy objects, such as the ports of a Tier-1 router, have nothing that could be updated.
func (r *Rules) Touches(t catalog.Type, env Env) bool {
	if entry, known := r.catalog.Entry(t); !known || entry.PolicyType == "" {
		return false
	}
	return slices.ContainsFunc(r.rules, func(rule rule) bool { return rule.covers(t, env) })
}

// Constant is the value that the rules give a tag of this scope on objects of every type; "" when no rule does.
func (r *Rules) Constant(scope string) string {
	for _, rule := range r.rules {
		if rule.Set != nil && rule.Set.Tag == scope && rule.Set.From == fromConstant && slices.Contains(rule.Types, anyType) {
			return rule.Set.Of
		}
	}
	return ""
}

// Preview runs the rules in phase 1, when the Policy objects do not exist yet: each is taken to come out of the
// promotion with the Manager object's name and tags, its LB rules named by their Manager ids. The errors are *Problem.
func Preview(r *Rules, objects iter.Seq[Object], env Env) []error {
	var found []error
	for o := range objects {
		if !r.Touches(o.Type, env) {
			continue
		}
		current := Current{Name: o.Name, Tags: o.Tags}
		for id := range o.Names {
			current.RuleNames = append(current.RuleNames, id)
		}
		_, err := r.Delta(o, current, env)
		var not *NotInferred
		if errors.As(err, &not) {
			found = append(found, not.Unwrap()...)
		}
	}
	return found
}

// covers says whether the rule applies to objects of the type in this run, conditions aside.
func (r *rule) covers(t catalog.Type, env Env) bool {
	if !slices.Contains(r.Types, t) && !slices.Contains(r.Types, anyType) {
		return false
	}
	if len(r.Scopes) == 0 && env.Scope != catalog.NCP || len(r.Scopes) > 0 && !slices.Contains(r.Scopes, string(env.Scope)) {
		return false
	}
	return r.on(env.Platform)
}

func (r *rule) fits(o Object, env Env) bool {
	return r.covers(o.Type, env) && !slices.ContainsFunc(r.When, func(c condition) bool { return !c.holds(o) })
}

func (c *condition) holds(o Object) bool {
	if c.Fact != "" {
		value, known := o.Facts[c.Fact]
		return c.matches(known, func(want string) bool { return value == want })
	}
	return c.matches(hasScope(o.Tags, c.Tag), func(want string) bool {
		return slices.Contains(o.Tags, nsx.Tag{Scope: c.Tag, Tag: want})
	})
}

func (c *condition) matches(present bool, is func(string) bool) bool {
	switch {
	case c.Absent:
		return !present
	case c.Is != nil:
		return present && is(*c.Is)
	default:
		return present
	}
}

// builder gathers what the rules want of one object.
type builder struct {
	object   Object
	current  Current
	env      Env
	wanted   []nsx.Tag
	unwanted []nsx.Tag
	result   records.Delta
	problems []*Problem
}

func (b *builder) problem(text, cure string) {
	b.problems = append(b.problems, &Problem{
		Type: b.object.Type, ID: b.object.ID, Name: b.object.Name, Path: b.object.PolicyPath, Text: text, Cure: cure,
	})
}

func (b *builder) apply(r *rule) {
	switch {
	case r.Set != nil:
		b.set(r)
	case r.Drop != "":
		b.unwant(r.Drop)
	case r.Restore == restoreName:
		if b.object.Name != "" && b.object.Name != b.current.Name {
			b.result.DisplayName = &b.object.Name
		}
	case r.Restore == restoreRuleNames:
		b.restoreRuleNames()
	}
}

// set wants a tag. A source tag that the object carries several times gives as many new tags.
func (b *builder) set(r *rule) {
	values, err := b.values(r.Set)
	if err != nil {
		b.problem(fmt.Sprintf("rule %q: %v", r.Name, err), "correct the tags of the object in Manager mode, or the rules by migration.update_rules")
		return
	}
	for _, value := range values {
		b.wanted = append(b.wanted, nsx.Tag{Scope: r.Set.Tag, Tag: value})
	}
	b.unwant(r.Set.Tag)
	if r.Set.Replaces != "" && !r.Set.Keep {
		b.unwant(r.Set.Replaces)
	}
}

// unwant takes away the tags of a scope that came from the Manager object; what others added since stays.
func (b *builder) unwant(scope string) {
	for _, t := range b.object.Tags {
		if t.Scope == scope {
			b.unwanted = append(b.unwanted, t)
		}
	}
}

func (b *builder) values(s *setTag) ([]string, error) {
	switch s.From {
	case fromConstant:
		return []string{s.Of}, nil
	case fromCluster:
		return []string{b.env.Cluster}, nil
	case fromTag:
		return b.tagValues(s.Of)
	case fromFact:
		value, known := b.object.Facts[s.Of]
		if !known {
			return nil, fmt.Errorf("the plan has no fact %s", s.Of)
		}
		return []string{value}, nil
	case fromIDMap:
		values, err := b.tagValues(s.Of)
		for i, managerID := range values {
			policyPath, ok := b.env.IDMap(managerID)
			if !ok {
				return nil, fmt.Errorf("its tag %s names %q, which is not known to be a Policy object", s.Of, managerID)
			}
			values[i] = path.Base(policyPath)
		}
		return values, err
	default: // lookup; ParseRules admits nothing else
		return b.lookup(s)
	}
}

func (b *builder) lookup(s *setTag) ([]string, error) {
	keys := make([]string, len(s.By))
	for i, scope := range s.By {
		values, err := b.tagValues(scope)
		if err != nil {
			return nil, err
		}
		keys[i] = values[0]
	}
	value, err := b.env.Workloads.Lookup(workloads.Kind(s.Of), keys...)
	if err != nil {
		return nil, err
	}
	return []string{value}, nil
}

// tagValues gives the values of the Manager object's tags of a scope, at least one.
func (b *builder) tagValues(scope string) ([]string, error) {
	var values []string
	for _, t := range b.object.Tags {
		if t.Scope == scope {
			values = append(values, t.Tag)
		}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("it has no tag %s", scope)
	}
	return values, nil
}

// restoreRuleNames wants the names that the LB rules had. A rule that has its name already is left alone.
func (b *builder) restoreRuleNames() {
	for _, id := range slices.Sorted(maps.Keys(b.object.Names)) {
		name := b.object.Names[id]
		switch {
		case name == "" || name == id: // it never had a name of its own
		case slices.Contains(b.current.RuleNames, id):
			if b.result.RuleNames == nil {
				b.result.RuleNames = map[string]string{}
			}
			b.result.RuleNames[id] = name
		case !slices.Contains(b.current.RuleNames, name):
			b.problem(fmt.Sprintf("it has neither a rule named %q nor one named %q any more", id, name),
				"somebody changed the virtual server after its promotion; run again")
		}
	}
}

// delta turns what is wanted into what has to change, and checks NSX's limits.
func (b *builder) delta() records.Delta {
	for _, t := range b.wanted {
		if !slices.Contains(b.current.Tags, t) && !slices.Contains(b.result.SetTags, t) {
			b.result.SetTags = append(b.result.SetTags, t)
		}
	}
	for _, t := range b.unwanted {
		if slices.Contains(b.current.Tags, t) && !slices.Contains(b.wanted, t) &&
			!slices.Contains(b.result.RemoveTags, t) && !b.env.CriteriaScopes[t.Scope] {
			b.result.RemoveTags = append(b.result.RemoveTags, t)
		}
	}
	b.checkLimits()
	return b.result
}

func (b *builder) checkLimits() {
	const cure = "take tags away from the object in Manager mode (for ports: fewer labels on the workload)"
	if count := len(b.current.Tags) + len(b.result.SetTags) - len(b.result.RemoveTags); len(b.result.SetTags) > 0 && count > maxTags {
		b.problem(fmt.Sprintf("it would have %d tags, NSX allows %d", count, maxTags), cure)
	}
	for _, t := range b.result.SetTags {
		if utf8.RuneCountInString(t.Scope) > maxTagScope || utf8.RuneCountInString(t.Tag) > maxTagValue {
			b.problem(fmt.Sprintf("its tag %s = %.40q... would be longer than NSX's limits, %d characters for a scope and %d for a value",
				t.Scope, t.Tag, maxTagScope, maxTagValue), cure)
		}
	}
}

func hasScope(tags []nsx.Tag, scope string) bool {
	return slices.ContainsFunc(tags, func(t nsx.Tag) bool { return t.Scope == scope })
}
