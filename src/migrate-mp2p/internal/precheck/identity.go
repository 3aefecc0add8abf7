package precheck

import (
	"context"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Roles that may promote and overwrite objects of other owners (NSX admin guide, NCP clean-up scripts).
const enterpriseAdmin = "enterprise_admin"

// userInfo is what we need of GET /api/v1/aaa/user-info.
type userInfo struct {
	Name  string `json:"user_name"`
	Roles []struct {
		Role string `json:"role"`
	} `json:"roles"`
}

// Whole says whether the user was named.
func (u userInfo) Whole() bool { return u.Name != "" }

func migrationRight(ctx context.Context, in *Input) (Verdict, string, error) {
	var user userInfo
	err := in.API.Get(ctx, "/api/v1/aaa/user-info", &user)
	if mp.NoSuchCall(err) {
		return Skipped, "this NSX does not tell the roles of its users", nil
	}
	if err != nil {
		return Fail, "", err
	}
	var roles []string
	for _, r := range user.Roles {
		if r.Role == enterpriseAdmin {
			return OK, fmt.Sprintf("%s has the role %s", user.Name, enterpriseAdmin), nil
		}
		roles = append(roles, r.Role)
	}
	if len(roles) == 0 {
		return Warn, fmt.Sprintf("NSX names no role of %s", user.Name), nil
	}
	return Fail, fmt.Sprintf("%s has the role %s only", user.Name, strings.Join(roles, ", ")), nil
}

// products are told by tags that only they write (NCP clean-up scripts, TKGI docs, cf-nsx-rule-usage, vmware-nsx).
// Pods carry their label keys as tag scopes, so only scopes that nobody would choose as a label are listed.
var products = []struct {
	name, platform string
	scopes         []string
}{
	{"TAS", "tas", []string{"ncp/cf_asg_name"}},
	{"TKGI", "tkgi", []string{"pks/cluster", "pks/clusters", "pks/floating_ip"}},
	{"Kubernetes", "kubernetes", []string{"ncp/network_policy", "ncp/isol_sect_id"}},
	{"OpenStack", "", []string{"os-api-version"}},
}

func singleProduct(ctx context.Context, in *Input) (Verdict, string, error) {
	var others []string
	for _, p := range products {
		// TKGI clusters are Kubernetes clusters: their objects carry the tags of both.
		if p.platform == in.Platform || p.platform == "kubernetes" && in.Platform == "tkgi" {
			continue
		}
		count, err := in.API.SearchCount(ctx, mp.Manager, mp.AnyOf("tags.scope", p.scopes))
		if mp.IsKind(err, mp.KindSearch) {
			return Warn, "NSX's search index does not work, so that traces of other products cannot be looked for", nil
		}
		if err != nil {
			return Fail, "", err
		}
		if count > 0 {
			others = append(others, fmt.Sprintf("%d objects of %s", count, p.name))
		}
	}
	if len(others) > 0 {
		return Fail, "this NSX also holds " + strings.Join(others, ", "), nil
	}
	return OK, "no trace of another product", nil
}
