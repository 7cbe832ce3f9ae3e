package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
)

const (
	injectAnnotation = "cert-manager.io/inject-ca-from-secret"
	directInjection  = "cert-manager.io/allow-direct-injection"
)

type secret struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Data       map[string][]byte `json:"data"`
}

// costume is what a stand-in has understood of its arguments.
type costume struct {
	image     string   // whose place it takes
	ports     []string // where it answers health checks in plain HTTP
	tlsPort   string
	namespace string // of the Secret that keeps the authority
	secret    string // its name; empty where the original is no webhook
	dnsNames  []string
}

func (c costume) isWebhook() bool  { return c.secret != "" && len(c.dnsNames) > 0 }
func (c costume) isInjector() bool { return strings.Contains(c.image, "cainjector") }

// dress reads the arguments that we know among any others.
func dress(arguments []string) costume {
	dressed := costume{tlsPort: "10250"}
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		switch name {
		case "--standin-image":
			dressed.image = value
		case "--standin-ports":
			dressed.ports = strings.Split(value, ",")
		case "--secure-port":
			dressed.tlsPort = value
		case "--dynamic-serving-ca-secret-namespace":
			dressed.namespace = value
		case "--dynamic-serving-ca-secret-name":
			dressed.secret = value
		case "--dynamic-serving-dns-names":
			dressed.dnsNames = append(dressed.dnsNames, strings.Split(value, ",")...)
		}
	}
	return dressed
}

// runStandin takes the place of somebody else's program, of which only the manifests are at hand. It bears any
// arguments, is healthy, and plays the parts that other objects of cert-manager depend on: the webhook that
// answers and keeps its authority in a Secret, and the injector that copies the authority into webhook
// configurations. It does no more than the original's own roles allow.
func runStandin(ctx context.Context, arguments []string) error {
	dressed := dress(arguments)
	log.Printf("stands in for %s, which got %q", dressed.image, arguments)
	ctx, stop := context.WithCancelCause(ctx)
	var ready atomic.Bool
	ready.Store(!dressed.isWebhook())
	play := func(part func(context.Context) error) {
		if err := part(ctx); err != nil {
			stop(err)
		}
	}
	switch {
	case dressed.isWebhook():
		go play(func(ctx context.Context) error { return dressed.answerReviews(ctx, &ready) })
	case dressed.isInjector():
		go play(injectAuthorities)
	}
	if err := serve(ctx, ":"+strings.Join(dressed.ports, ",:"), healthHandler(&ready), nil); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != context.Canceled {
		return cause
	}
	return nil
}

// healthHandler answers at whatever path a probe asks.
func healthHandler(ready *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() {
			http.Error(w, "has no certificate yet", http.StatusServiceUnavailable)
			return
		}
		answerOK(w, r)
	})
}

// answerReviews is cert-manager's webhook: it allows everything.
func (c costume) answerReviews(ctx context.Context, ready *atomic.Bool) error {
	api, err := inCluster()
	if err != nil {
		return err
	}
	var shared *authority
	trying := patience{tries: 300, pause: retryPause} // its rights may come later than it does
	if err := trying.until(ctx, func() (err error) {
		shared, err = c.sharedAuthority(ctx, api)
		return err
	}); err != nil {
		return err
	}
	certificate, err := shared.serving(c.dnsNames)
	if err != nil {
		return err
	}
	ready.Store(true)
	return serve(ctx, ":"+c.tlsPort, reviewed(allow), certificate)
}

// sharedAuthority is the one in the Secret, which the first of several replicas makes.
func (c costume) sharedAuthority(ctx context.Context, api *cluster) (*authority, error) {
	made, err := newAuthority(c.secret)
	if err != nil {
		return nil, err
	}
	data, err := made.secretData()
	if err != nil {
		return nil, err
	}
	folder := fmt.Sprintf("/api/v1/namespaces/%s/secrets", c.namespace)
	err = api.do(ctx, http.MethodPost, folder+createByZoo, plainJSON, secret{
		APIVersion: "v1",
		Kind:       "Secret",
		Metadata: metadata{
			Name:        c.secret,
			Namespace:   c.namespace,
			Annotations: map[string]string{directInjection: "true"},
		},
		Data: data,
	}, nil)
	if !refusedWith(err, http.StatusConflict) {
		return made, err
	}
	var kept secret
	if err := api.do(ctx, http.MethodGet, folder+"/"+c.secret, plainJSON, nil, &kept); err != nil {
		return nil, err
	}
	return authorityFrom(kept.Data)
}

// injectAuthorities is cert-manager's injector: it keeps the CA bundles of the configurations that ask for it equal to
// what their Secrets hold.
func injectAuthorities(ctx context.Context) error {
	api, err := inCluster()
	if err != nil {
		return err
	}
	for _, resource := range []string{validating, mutating} {
		go api.keepFollowing(ctx, resource, "", func(live object) error {
			namespace, name, asked := strings.Cut(live.Metadata.Annotations[injectAnnotation], "/")
			if !asked {
				return nil
			}
			path := fmt.Sprintf("/api/v1/namespaces/%s/secrets/%s", namespace, name)
			var kept secret
			if err := api.do(ctx, http.MethodGet, path, plainJSON, nil, &kept); err != nil {
				return err // the list is read again, until the Secret is there
			}
			return api.inject(ctx, resource, live, func([]byte) []byte { return kept.Data["ca.crt"] })
		})
	}
	<-ctx.Done()
	return nil
}
