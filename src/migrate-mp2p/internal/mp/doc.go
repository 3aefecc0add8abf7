// Package mp holds the words of NSX's promotion from Manager to Policy ("mp-to-policy" in its API): types and ids of objects,
// tags, bodies of promotions, what the coordinator says, what an error means, and the facts that are noted of objects. All
// other packages speak in them; this one does nothing, and reads and sends nothing.
package mp
