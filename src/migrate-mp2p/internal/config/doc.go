// Package config answers what the operator asked for. It reads two files: config.json, which the job template renders
// (Load), and user-spec.yaml, which lists the shared NSX objects (LoadUserSpec).
//
// Must hold:
//  1. Whatever is wrong with a file is reported at once: one Problem each, with key or line, value and cure.
//  2. Unknown keys are refused, never ignored: a misspelt safety switch must not look as if it were set.
//  3. A Secret prints as *** in every format. No Problem repeats the value of a secret.
//  4. Reading changes nothing, and needs nothing but the files that the configuration names.
//
// # The user spec
//
//	version: 1
//	shared:                      # per type a list; package catalog names the types
//	  tier0_routers:
//	  - t0-pas                   # a bare text is the object's name or its id
//	  - name: t0-dmz             # or give just one of name and id
//	    policy_id: t0-dmz        # id of the Policy object; by default see migration.policy_ids
//	    migrate_config: true     # tier0_routers only: BGP, redistribution and static routes as well
//	  tier1_routers:
//	  - id: 8f3c...
//	    static_routes: [to-dmz]  # routers only: static routes and ports that move along
//	    ports:
//	    - name: uplink-1
//	  ip_pools:
//	  - name: snat-pool
//	    ip_allocations:          # ip_pools only: allocated address -> id of the Policy object
//	      10.0.0.7: dns-server
//	  ns_groups:
//	  - name: asg-group
//	    metadata:                # both lists go to the migration API as they are
//	    - {key: domain, value: default}
//	    linked_ids: []
//	custom_resources:            # objects of a cluster that NCP did not make and that move along
//	  ns_groups:
//	    <Manager id>:
//	      metadata: []
//
// An empty file, and an empty list, are legal. For files of NCP's own importer ip-allocations is accepted for
// ip_allocations, and the nesting k8s-clusters, cluster, class, class, custom_resources, provided that the inner class
// is a key of the catalog or a type of the migration API; the importer's own class names are not public.
//
// Caveats: anchors and aliases are refused. A file may have 4 MiB.
package config
