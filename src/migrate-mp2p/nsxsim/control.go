package nsxsim

import (
	"bytes"
	"encoding/json"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// control answers the endpoints below /_nsxsim/, which are the simulator's own and not NSX's. They need no login, and
// neither faults nor limits touch them; the journal does not hold them.
//
//	GET  /_nsxsim/faults    the rules with their counts
//	PUT  /_nsxsim/faults    new rules in place of all (YAML or JSON)
//	GET  /_nsxsim/state     the whole state, as --save writes it
//	GET  /_nsxsim/requests  the journal
func (s *Server) control(x *exchange) {
	var body []byte
	var err error
	status, contentType := http.StatusOK, "application/json"
	switch x.r.Method + " " + x.r.URL.Path {
	case "GET /_nsxsim/faults":
		body, err = json.Marshal(s.faults.Status())
	case "PUT /_nsxsim/faults":
		var rules []faults.Rule
		if rules, err = faults.Parse(x.body); err == nil {
			err = s.faults.Replace(rules)
		}
		if err != nil {
			status = http.StatusBadRequest
		}
	case "GET /_nsxsim/state":
		var state bytes.Buffer
		err = s.store.Save(&state)
		body, contentType = state.Bytes(), "application/x-ndjson"
	case "GET /_nsxsim/requests":
		body, err = json.Marshal(s.Requests())
	default:
		x.w.WriteHeader(http.StatusNotFound)
		return
	}
	if err != nil {
		if status == http.StatusOK {
			status = http.StatusInternalServerError
		}
		out := failure(&api.Error{Status: status, Module: "nsxsim", Message: err.Error()})
		body, contentType = out.body, "application/json"
	}
	x.w.Header().Set("Content-Type", contentType)
	x.w.WriteHeader(status)
	// A client that went away needs no answer.
	_, _ = x.w.Write(body)
}
