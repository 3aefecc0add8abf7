package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maximumScale bounds the sum of the scales of all users of one NSX; a foundation of TAS that has it for itself may be twice
// as large, for which the numbers of its small neighbour leave room.
const (
	maximumScale = 1_000
	maximumTAS   = 2_000
)

// largest is the largest scale of a model's users.
func largest(platform string, further int) int {
	if platform == platformTAS && further == 0 {
		return maximumTAS
	}
	return maximumScale / (1 + further)
}

// room is where the numbers of one user of an NSX begin, so that no two share an
// address, a MAC address, a network identifier or a place in the firewall.
type room struct {
	// ordinal is the user's place among those of this NSX.
	ordinal int
	// blockID is the IP block of its container networks, block their first address.
	blockID, block string
	// externals, links and machines are the first numbers of its addresses in the
	// external pools, of its links to the Tier-0 and of its virtual machines.
	externals, links, machines int
}

// What one unit of scale takes at most, whatever the platform.
const (
	networksPerScale  = 14
	externalsPerScale = 20
	linksPerScale     = 14
	machinesPerScale  = 4
)

// furtherRoom is the room of the n-th of the further users, which all have the same
// scale. The first user and the small one beside it are below all of these numbers.
func furtherRoom(n, scale int, on ground) room {
	before := n * scale
	return room{
		ordinal: 2 + n, blockID: on.blocks[0], block: address("10.64.0.0", before*networksPerScale*256),
		externals: 42_000 + before*externalsPerScale, links: 17_000 + before*linksPerScale, machines: 33_000 + before*machinesPerScale,
	}
}

// platforms build one user of an NSX on prepared ground.
var platforms = map[string]func(b *builder, user Foundation, on ground, scale int, at room){
	platformTAS: func(b *builder, user Foundation, on ground, scale int, at room) {
		b.tas(user.Name, user.Identity, on, scale, at).build()
	},
	platformKubernetes: func(b *builder, user Foundation, on ground, scale int, at room) {
		b.kubeCluster(b.kubernetes(user, on, scale, at))
	},
	platformTKGI: func(b *builder, user Foundation, on ground, scale int, at room) {
		b.kubeCluster(b.tkgi(user, on, scale, at))
	},
}

// newWorld begins the world of a model, after the checks that all models share.
func newWorld(model string, scale int, seed int64, options Options) (*builder, error) {
	if most := largest(model, len(options.Further)); scale < 1 || scale > most {
		return nil, fmt.Errorf("building model %s: scale %d is not between 1 and %d", model, scale, most)
	}
	if !options.BuiltAt.After(time.UnixMilli(0)) {
		return nil, fmt.Errorf("building model %s: the time %s is before 1970", model, options.BuiltAt)
	}
	for _, user := range options.Further {
		if _, known := platforms[user.Platform]; user.Platform != "" && !known {
			return nil, fmt.Errorf("building model %s: the platform %q of %q is none of %s", model, user.Platform, user.Name,
				strings.Join(slices.Sorted(maps.Keys(platforms)), ", "))
		}
	}
	return newBuilder(seed, options.BuiltAt), nil
}

// finishWith adds what the options ask for beside the objects of the model's first
// users, and ends the building. Whatever it adds leaves those objects as they are, but
// for the places of sections.
func (b *builder) finishWith(on ground, scale int, options Options) (*World, error) {
	for i, user := range options.Further {
		if user.Platform == "" {
			user.Platform = b.world.Foundations[0].Platform
		}
		if user.Identity == "" {
			user.Identity = user.Name + "-ncp"
		}
		if user.Name == "" || b.taken(user.Name) {
			return nil, fmt.Errorf("adding a further foundation or cluster: the name %q is empty or taken", user.Name)
		}
		platforms[user.Platform](b, user, on, scale, furtherRoom(i, scale, on))
	}
	if name := options.PolicyCluster; name != "" {
		if b.taken(name) {
			return nil, fmt.Errorf("adding a cluster in Policy mode: the name %q is taken", name)
		}
		b.policyCluster(name, b.world.Foundations[0].Platform, on)
	}
	if options.OtherProducts {
		b.openStack(on)
	}
	if options.SectionBetween {
		b.sectionBetween(options.Cluster)
	}
	return b.finish()
}

// taken tells whether a user of this NSX has the name.
func (b *builder) taken(name string) bool {
	return slices.ContainsFunc(b.world.Foundations, func(user Foundation) bool { return user.Name == name })
}
