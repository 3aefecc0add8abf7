package nsxsim_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// A foundation with an NSX that is overloaded once.
func Example() {
	world, err := model.TAS(1, 1, model.Options{Cluster: "pas-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	st := store.New(1)
	if err := nsxsim.LoadWorld(st, world); err != nil {
		fmt.Println(err)
		return
	}
	server, err := nsxsim.Start(nsxsim.Options{
		Store:       st,
		Coordinator: coordinator.New(coordinator.Options{}),
		Faults:      []faults.Rule{{Path: "/api/v1/logical-switches", Nth: 1, Status: http.StatusServiceUnavailable}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := server.Close(); err != nil {
			fmt.Println(err)
		}
	}()
	for range 2 {
		fmt.Println(countSwitches(server))
	}
	// Output:
	// NSX answers 503 Service Unavailable
	// 19 switches
}

// countSwitches asks as any client of NSX would.
func countSwitches(server *nsxsim.Server) string {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, server.URL()+"/api/v1/logical-switches", nil)
	if err != nil {
		return err.Error()
	}
	request.SetBasicAuth(nsxsim.AdminUser, server.Password())
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	var list struct {
		Count int `json:"result_count"`
	}
	if response.StatusCode != http.StatusOK {
		return "NSX answers " + response.Status
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d switches", list.Count)
}
