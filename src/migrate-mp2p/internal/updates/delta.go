package updates

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"nsx-mp2p/migrate-mp2p/internal/mp"
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
	Type       mp.Type
	ID         string // Manager id
	PolicyPath string // "" while the plan cannot know it
	Name       string
	Tags       []mp.Tag
	Names      map[string]string  // Manager id of an embedded LB rule -> its display name
	Facts      map[mp.Fact]string // what the plan noted beyond tags
}

// Current is what the Policy object is now.
type Current struct {
	Name      string
	Tags      []mp.Tag
	RuleNames []string // of the embedded LB rules
}

// Env is what the rules know of the run.
type Env struct {
	Platform       string
	Scope          mp.Scope
	Cluster        string                                              // value of the ncp/cluster tag
	IDMap          func(managerID string) (policyPath string, ok bool) // of everything promoted, whoever did it
	Workloads      workloads.Source                                    // what was read of the platform; never nil where a rule looks up
	CriteriaScopes map[string]bool                                     // tag scopes that group criteria ask for; such tags are never taken away
	// LeaveOutOptional leaves optional tags out, the last rule's first, where an object would have more than NSX allows.
	LeaveOutOptional bool
	// LeftOut is told of each that is left out; it may be nil.
	LeftOut func(o Object, tag string)
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
func (r *Rules) Touches(t mp.Type, env Env) bool {
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
// promotion with the Manager object's name and tags, its LB rules named by their Manager ids. The error is a *NotInferred.
func Preview(r *Rules, objects iter.Seq[Object], env Env) error {
	var found []*Problem
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
			found = append(found, not.Problems...)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &NotInferred{Problems: found}
}

// covers says whether the rule applies to objects of the type in this run, conditions aside.
func (r *rule) covers(t mp.Type, env Env) bool {
	if !slices.Contains(r.Types, t) && !slices.Contains(r.Types, anyType) {
		return false
	}
	return r.inScope(env.Scope) && r.on(env.Platform)
}

func (r *rule) inScope(scope mp.Scope) bool {
	if len(r.Scopes) == 0 {
		return scope == mp.NCP
	}
	return slices.Contains(r.Scopes, string(scope))
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
		return slices.Contains(o.Tags, mp.Tag{Scope: c.Tag, Tag: want})
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
	wanted   []mp.Tag
	unwanted []mp.Tag
	optional []mp.Tag
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
	case r.Rename != nil:
		if start, ends := strings.CutSuffix(b.object.Name, r.Rename.Suffix); ends {
			b.name(start + r.Rename.To)
		}
	case r.Restore == restoreName:
		if b.object.Name != "" {
			b.name(b.object.Name)
		}
	case r.Restore == restoreRuleNames:
		b.restoreRuleNames()
	}
}

// name wants a display name.
func (b *builder) name(wanted string) {
	if b.result.DisplayName = nil; wanted != b.current.Name {
		b.result.DisplayName = &wanted
	}
}

// set wants a tag. A source tag that the object carries several times gives as many new tags.
func (b *builder) set(r *rule) {
	values, err := b.values(r.Set)
	if err != nil {
		b.problem(fmt.Sprintf("rule %q: %v", r.Name, err), "correct the tags of the object in Manager mode, or the rules by migration.update_rules")
		errors.As(err, &b.problems[len(b.problems)-1].Missing)
		return
	}
	for _, value := range values {
		b.wanted = append(b.wanted, mp.Tag{Scope: r.Set.Tag, Tag: value})
		if r.Set.Optional {
			b.optional = append(b.optional, mp.Tag{Scope: r.Set.Tag, Tag: value})
		}
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
	case fromClusterUID:
		return []string{clusterUID(b.env.Cluster)}, nil
	case fromTag:
		return b.tagValues(s.Of)
	case fromFact:
		value, known := b.object.Facts[mp.Fact(s.Of)]
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
	for i, by := range s.By {
		value, err := b.value(by)
		if err != nil {
			return nil, err
		}
		keys[i] = value
	}
	value, err := b.env.Workloads.Lookup(workloads.Kind(s.Of), keys...)
	if err != nil {
		return nil, err
	}
	return []string{value}, nil
}

// value gives the word that a key stands for.
func (b *builder) value(k key) (string, error) {
	if k.fact != "" {
		if value, known := b.object.Facts[k.fact]; known {
			return value, nil
		}
		if k.or != nil {
			return *k.or, nil
		}
		return "", fmt.Errorf("the plan has no fact %s", k.fact)
	}
	values, err := b.tagValues(k.tag)
	switch {
	case err == nil:
		return values[0], nil
	case k.or != nil:
		return *k.or, nil
	default:
		return "", err
	}
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

// count is how many tags the object will have.
func (b *builder) count() int {
	return len(b.current.Tags) + len(b.result.SetTags) - len(b.result.RemoveTags)
}

func (b *builder) checkLimits() {
	cure := "take tags away from the object in Manager mode (for ports: fewer labels on the workload)"
	optional := slices.DeleteFunc(slices.Clone(b.optional), func(t mp.Tag) bool { return !slices.Contains(b.result.SetTags, t) })
	for b.env.LeaveOutOptional && b.count() > maxTags && len(optional) > 0 {
		last := optional[len(optional)-1]
		optional = optional[:len(optional)-1]
		b.result.SetTags = slices.DeleteFunc(b.result.SetTags, func(t mp.Tag) bool { return t == last })
		if b.env.LeftOut != nil {
			b.env.LeftOut(b.object, last.Scope)
		}
	}
	if count := b.count(); len(b.result.SetTags) > 0 && count > maxTags {
		if len(optional) > 0 && count-len(optional) <= maxTags {
			cure += "; or leave out what NCP can do without, here the tag " + optional[len(optional)-1].Scope + ": migration.leave_out_optional_tags: true"
		}
		b.problem(fmt.Sprintf("it would have %d tags, NSX allows %d", count, maxTags), cure)
		b.problems[len(b.problems)-1].Tags = count
	}
	for _, t := range b.result.SetTags {
		if utf8.RuneCountInString(t.Scope) > maxTagScope || utf8.RuneCountInString(t.Tag) > maxTagValue {
			b.problem(fmt.Sprintf("its tag %s = %.40q... would be longer than NSX's limits, %d characters for a scope and %d for a value",
				t.Scope, t.Tag, maxTagScope, maxTagValue), cure)
		}
	}
}

func hasScope(tags []mp.Tag, scope string) bool {
	return slices.ContainsFunc(tags, func(t mp.Tag) bool { return t.Scope == scope })
}
