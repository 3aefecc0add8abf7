package inventory

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
)

// Search queries, in the grammar of NSX (Broadcom API docs). Every value is quoted, so that nothing in it is read as
// an operator.

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func anyOf(field string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return field + ":(" + strings.Join(quoted, " OR ") + ")"
}

func ofTypes(types []string) string { return "resource_type:(" + strings.Join(types, " OR ") + ")" }

// plain are the characters that Search is trusted with in the name of a cluster. With others in it, the name is looked
// for on our side alone: how NSX takes a text apart that holds blanks, slashes or asterisks is not documented.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// ofCluster finds what may carry the cluster's tag, and more: the index does not tie a tag's scope to its value and
// knows neither case nor wildcards, so the pair is checked again on every object.
func ofCluster(cluster string) string {
	query := "tags.scope:" + quote(scopeCluster)
	if strings.Trim(cluster, plain) == "" {
		query += " AND tags.tag:" + quote(cluster)
	}
	return query
}

// managerTypes lists the Manager types of some entries, each once.
func managerTypes(entries []*catalog.Entry) []string {
	var types []string
	seen := map[string]bool{}
	for _, e := range entries {
		for _, t := range e.ManagerTypes {
			if !seen[strings.ToLower(t)] {
				seen[strings.ToLower(t)] = true
				types = append(types, t)
			}
		}
	}
	return types
}

// chunks cuts a list into pieces of at most n.
func chunks(list []string, n int) [][]string {
	var pieces [][]string
	for len(list) > n {
		pieces = append(pieces, list[:n])
		list = list[n:]
	}
	if len(list) > 0 {
		pieces = append(pieces, list)
	}
	return pieces
}
