package precheck

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// section is what the checks need of a Manager firewall section.
type section struct {
	ID         string   `json:"id"`
	Name       string   `json:"display_name"`
	Type       string   `json:"section_type"`
	EnforcedOn string   `json:"enforced_on"`
	Default    bool     `json:"is_default"`
	Author     string   `json:"_create_user"`
	Tags       []mp.Tag `json:"tags"`
}

func (s *section) has(scope string) bool {
	return slices.ContainsFunc(s.Tags, func(t mp.Tag) bool { return t.Scope == scope })
}

// madeByNCP by any NCP: clusters share the order of sections.
func (s *section) madeByNCP() bool { return s.has("ncp/cluster") && s.has("ncp/version") }

// counts leaves out what takes no part in the order of distributed firewall sections in Manager mode.
func (s *section) counts() bool {
	return s.Type == "LAYER3" && s.EnforcedOn != "LOGICALROUTER" && !s.Default && s.Author != inventory.PolicyUser && !s.has("policyPath")
}

// sectionsInBetween reads the sections in NSX's own order of evaluation.
func sectionsInBetween(ctx context.Context, in *Input) (Verdict, string, error) {
	if in.Scope != mp.NCP {
		return Skipped, "it concerns NCP-created objects", nil
	}
	var since, between []string // the administrator's sections since NCP's last one, and between two of NCP's
	ncp := 0
	_, err := in.API.List(ctx, "/api/v1/firewall/sections", nil, each(func(s section) {
		switch {
		case !s.counts():
		case s.madeByNCP():
			ncp++
			between = append(between, since...)
			since = nil
		case ncp > 0:
			since = append(since, fmt.Sprintf("%s (%s)", s.Name, s.ID))
		}
	}))
	if err != nil {
		return Fail, "", err
	}
	if len(between) > 0 {
		return Fail, "between NCP's sections are " + some(between), nil
	}
	return OK, fmt.Sprintf("%d sections of NCP stand together", ncp), nil
}

// foreignRules asks for the rules that neither NCP nor Policy mode made, which are few, and sees whether they stand in
// a section of ours. That rules can be searched for is ASSUMED.
func foreignRules(ctx context.Context, in *Input) (Verdict, string, error) {
	ours := map[string]string{} // section id -> name
	authors := map[string]bool{inventory.PolicyUser: true}
	for _, o := range in.Inventory.Objects {
		if o.Type == mp.DFWSection && in.Scope == mp.NCP {
			ours[o.ID] = o.Name
			authors[o.Owner] = true
		}
	}
	if len(ours) == 0 {
		return Skipped, "there is no firewall section of NCP", nil
	}
	query := "resource_type:FirewallRule"
	for author := range authors {
		if author != "" {
			query += ` AND NOT _create_user:"` + strings.ReplaceAll(author, `"`, `\"`) + `"`
		}
	}
	var found []string
	listed := "" // the section whose list is read
	note := each(func(rule struct {
		ID      string `json:"id"`
		Name    string `json:"display_name"`
		Section string `json:"section_id"`
		Author  string `json:"_create_user"`
	}) {
		if name, ok := ours[cmp.Or(listed, rule.Section)]; ok && rule.Author != "" && !authors[rule.Author] {
			found = append(found, fmt.Sprintf("rule %s (%s) of %s in section %s", rule.Name, rule.ID, rule.Author, name))
		}
	})
	_, err := in.API.Search(ctx, mp.Manager, query, note)
	if mp.IsKind(err, mp.KindSearch) { // the index does not work: section by section
		found, err = nil, nil
		for _, id := range slices.Sorted(maps.Keys(ours)) {
			listed = id
			if _, err = in.API.List(ctx, "/api/v1/firewall/sections/"+id+"/rules", nil, note); err != nil {
				break
			}
		}
	}
	if err != nil {
		return Fail, "", err
	}
	if len(found) > 0 {
		return Fail, some(found), nil
	}
	return OK, fmt.Sprintf("no foreign rule in %d sections", len(ours)), nil
}

// defaultGatewaySection is what every router has; NSX makes it with one rule (vmware-nsx nsx-migrate-t2p).
const defaultGatewaySection = "Default LR Layer3 Section"

// gatewayFirewall looks at the firewall sections of the Tier-0 routers that our objects refer to, or that move.
func gatewayFirewall(ctx context.Context, in *Input) (Verdict, string, error) {
	routers := map[string]bool{}
	for _, o := range in.Inventory.Objects {
		if o.Type == mp.Tier0 {
			routers[o.ID] = true
		}
		for _, ref := range o.Refs {
			if ref.To.Type == mp.Tier0 {
				routers[ref.To.ID] = true
			}
		}
	}
	var found []string
	for _, id := range slices.Sorted(maps.Keys(routers)) {
		var router struct {
			Name     string `json:"display_name"`
			Sections []struct {
				ID   string `json:"target_id"`
				Name string `json:"target_display_name"`
			} `json:"firewall_sections"`
		}
		if err := in.API.Get(ctx, "/api/v1/logical-routers/"+id, &router); err != nil {
			return Fail, "", err
		}
		for _, s := range router.Sections {
			rules, blocking := 0, 0
			_, err := in.API.List(ctx, "/api/v1/firewall/sections/"+s.ID+"/rules", nil, each(func(rule struct {
				Action string `json:"action"`
			}) {
				rules++
				if rule.Action != "ALLOW" {
					blocking++
				}
			}))
			if err != nil {
				return Fail, "", err
			}
			if rules > 1 || blocking > 0 || rules > 0 && s.Name != defaultGatewaySection {
				found = append(found, fmt.Sprintf("%d rules (%d of them block) in section %s of %s", rules, blocking, s.Name, router.Name))
			}
		}
	}
	switch {
	case len(routers) == 0:
		return Skipped, "no object refers to a Tier-0", nil
	case len(found) > 0:
		return Warn, some(found), nil
	}
	return OK, fmt.Sprintf("%d Tier-0 gateways have the default rule only", len(routers)), nil
}
