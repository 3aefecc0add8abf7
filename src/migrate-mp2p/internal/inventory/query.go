package inventory

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// plain are the characters that Search is trusted with in the name of a cluster. With others in it, the name is looked
// for on our side alone: how NSX takes a text apart that holds blanks, slashes or asterisks is not documented.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// ofCluster finds what may carry the cluster's tag, and more: the index does not tie a tag's scope to its value and
// knows neither case nor wildcards, so the pair is checked again on every object.
func ofCluster(cluster string) string {
	query := "tags.scope:" + mp.Quote(scopeCluster)
	if strings.Trim(cluster, plain) == "" {
		query += " AND tags.tag:" + mp.Quote(cluster)
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
