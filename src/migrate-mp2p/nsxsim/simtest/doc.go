// Package simtest gives a Go test an NSX Manager of its own, which ends with the test.
//
//	func TestInventory(t *testing.T) {
//		world, err := model.TAS(1, 1, model.Options{})
//		if err != nil {
//			t.Fatal(err)
//		}
//		nsx := simtest.Start(t, nsxsim.Options{Store: simtest.Load(t, world)})
//		nsx.Disturb(`- {path: "*/logical-switches", nth: 2, answer: rate-limit}`)
//		response, err := nsx.Client().Get(nsx.URL() + "/api/v1/logical-switches")
//		...
//	}
//
// Whatever keeps the simulator from working fails the test at once, so that no errors need to be looked at. It works with
// the standard library's tests and with everything that has a testing.TB, such as ginkgo's GinkgoTB().
package simtest
