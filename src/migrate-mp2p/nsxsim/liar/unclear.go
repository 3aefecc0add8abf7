package liar

import (
	"net/http"
	"strconv"
)

// loginPage is what a proxy in front of NSX shows to somebody whom it does not know.
const loginPage = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action=\"/login\" method=\"post\"></form></body></html>\n"

// Unclear is a way of answering in NSX's place from which nobody can tell what NSX did or would say.
type Unclear struct {
	Name string
	// Cut is set where there is no answer at all.
	Cut    bool
	Answer *Answer
}

// Unclears are answers that are not NSX's word, or, with an error of NSX's, say that it may go on working: those of load
// balancers, of proxies before and within NSX, and of login pages.
func Unclears() []Unclear {
	all := []Unclear{
		{Name: "login page 200", Answer: HTML(http.StatusOK)},
		{Name: "empty 200", Answer: Empty(http.StatusOK)},
		{Name: "empty 204", Answer: Empty(http.StatusNoContent)},
		{Name: "redirect 302 to a login page", Answer: &Answer{Status: http.StatusFound, Header: http.Header{"Location": {"/login"}}}},
		{Name: "empty 404", Answer: Empty(http.StatusNotFound)},
		{Name: "404 in JSON without a code", Answer: JSON(http.StatusNotFound, `{"error": "not found"}`)},
		{Name: "empty 503", Answer: Empty(http.StatusServiceUnavailable)},
		{Name: "NSX's 404/202", Answer: NSX(http.StatusNotFound, 202, "The service behind the proxy is not there.")},
		{Name: "NSX's 404/500090", Answer: NSX(http.StatusNotFound, 500090, "The object was changed meanwhile.")},
		{Name: "NSX's 500/36000", Answer: NSX(http.StatusInternalServerError, 36000, "An internal error occurred.")},
		{Name: "JSON of another form 200", Answer: JSON(http.StatusOK, `{"status": "UP", "message": "all is well"}`)},
		{Name: "JSON that is a list 200", Answer: JSON(http.StatusOK, `[]`)},
		{Name: "truncated JSON 200", Answer: JSON(http.StatusOK, `{"results": [{"id": "8d7f`)},
		{Name: "no answer", Cut: true},
	}
	for _, status := range []int{401, 403, 404, 409, 429, 500, 502, 503, 504} {
		all = append(all, Unclear{Name: "HTML " + strconv.Itoa(status), Answer: HTML(status)})
	}
	return all
}

// HTML is the page of somebody between client and NSX.
func HTML(status int) *Answer {
	return &Answer{Status: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: loginPage}
}

// Empty is an answer without a body.
func Empty(status int) *Answer { return &Answer{Status: status} }

// JSON is an answer in JSON.
func JSON(status int, body string) *Answer {
	return &Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// NSX is an answer in the form of NSX's errors (ApiError of the API reference).
func NSX(status, code int, message string) *Answer {
	return JSON(status, `{"httpStatus": "`+http.StatusText(status)+`", "error_code": `+strconv.Itoa(code)+
		`, "module_name": "common-services", "error_message": `+strconv.Quote(message)+`}`)
}
