// Package stories_test plays stories with the built programs: an operator, an errand and a simulated NSX.
//
// Every folder with a story.yaml is a story and becomes one spec, whose text is the story's title; exit-codes/table.yaml
// holds one story per state of the records. To add one, add a folder. The fields are those of story, step and expected
// in story_test.go; short examples are wrong-password and sigterm, one with variants is lost-answer. Texts may hold
// placeholders, which stand for Manager ids of the simulated foundation:
//
//	${shared:TIER0}             the first shared object of a kind that the administrator made
//	${ncp:logical-ports:2}      the third object of a collection that NCP made (without a number: the first)
//	${address}                  in config: where NSX listens
//
// After each story all files that the errand left are searched for its password.
package stories_test
