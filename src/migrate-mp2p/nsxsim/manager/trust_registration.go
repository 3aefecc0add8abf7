package manager

import (
	"context"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const registrationPath = api.ManagerPrefix + "aaa/registration-token"

// sectionRegistrations is where the saved state holds the registration tokens, by the token.
const sectionRegistrations = "registration-tokens"

// registration is RegistrationToken: who may register something with the privileges of whom.
type registration struct {
	Token string     `json:"token"`
	User  string     `json:"user"`
	Roles []api.Role `json:"roles"`
}

// registrationRoutes give out tokens and take them back (NSX Go SDK).
func (s *API) registrationRoutes() []api.Route {
	const one = registrationPath + "/{token}"
	return []api.Route{
		{Method: http.MethodPost, Pattern: registrationPath, Extent: api.Partial, Notes: []string{"nothing can be registered with the token"}, Handle: s.newRegistration},
		{Method: http.MethodGet, Pattern: one, Extent: api.Full, Handle: s.showRegistration(http.StatusOK)},
		{Method: http.MethodDelete, Pattern: one, Extent: api.Full, Handle: s.endRegistration},
		{Method: http.MethodPost, Pattern: registrationPath + "/retrieve", Extent: api.Full, Reads: true, Handle: s.showRegistration(http.StatusCreated)},
		{Method: http.MethodPost, Pattern: registrationPath + "/delete", Extent: api.Full, Handle: s.endRegistration},
	}
}

func (s *API) newRegistration(_ context.Context, r *api.Request) (*api.Response, error) {
	made := registration{User: r.Identity.Name, Roles: []api.Role{r.Identity.Role}}
	err := s.store.Update(func(tx *store.Tx) error {
		tokens := map[string]registration{}
		if _, err := tx.Section(sectionRegistrations, &tokens); err != nil {
			return err
		}
		made.Token = tx.NewID()
		tokens[made.Token] = made
		return tx.SetSection(sectionRegistrations, tokens)
	})
	if err != nil {
		return nil, err
	}
	return &api.Response{Status: http.StatusCreated, Body: made}, nil
}

// wantedRegistration is the token that a request names, in its path or in its body.
func (s *API) wantedRegistration(r *api.Request) (string, error) {
	if token := r.Params["token"]; token != "" {
		return token, nil
	}
	sent, err := schema.ReadBody(r, "RegTokenQuery")
	return store.Text(sent["token"]), err
}

func (s *API) showRegistration(status int) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		token, err := s.wantedRegistration(r)
		if err != nil {
			return nil, err
		}
		tokens := map[string]registration{}
		err = s.store.View(func(tx *store.Tx) error {
			_, err := tx.Section(sectionRegistrations, &tokens)
			return err
		})
		if err != nil {
			return nil, err
		}
		found, known := tokens[token]
		if !known {
			return nil, api.NotFound(token)
		}
		return &api.Response{Status: status, Body: found}, nil
	}
}

func (s *API) endRegistration(_ context.Context, r *api.Request) (*api.Response, error) {
	token, err := s.wantedRegistration(r)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		tokens := map[string]registration{}
		if _, err := tx.Section(sectionRegistrations, &tokens); err != nil {
			return err
		}
		if _, known := tokens[token]; !known {
			return api.NotFound(token)
		}
		delete(tokens, token)
		return tx.SetSection(sectionRegistrations, tokens)
	})
	if err != nil {
		return nil, err
	}
	return &api.Response{Status: http.StatusNoContent}, nil
}
