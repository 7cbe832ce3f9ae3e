package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"strings"
	"time"
)

const (
	refuseLabel   = "zoo.rebuild.dev/refuse"
	admittedLabel = "zoo.rebuild.dev/admitted-by"
)

// runAdmission is an admission server that makes its serving certificate itself and writes the authority into its own
// webhook configurations as soon as they are there. The delays keep two windows open that real servers have as well:
// until it listens, calls are refused; until the authority is written, nobody can trust its certificate.
func runAdmission(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("admission", flag.ContinueOnError)
	listen := flags.String("listen", ":8443", "address")
	service := flags.String("service", "", "the Service in front, as name.namespace")
	validates := flags.String("validating", "", "the ValidatingWebhookConfiguration that gets the CA bundle")
	mutates := flags.String("mutating", "", "the MutatingWebhookConfiguration that gets the CA bundle")
	delay := flags.Duration("start-delay", 0, "how long it does not listen after the start")
	trustDelay := flags.Duration("trust-delay", 0, "how long after it has seen a configuration it writes the CA bundle")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if strings.Count(*service, ".") != 1 {
		return coded{2, "admission needs --service=name.namespace"}
	}
	api, err := inCluster()
	if err != nil {
		return err
	}
	authority, err := newAuthority(*service)
	if err != nil {
		return err
	}
	certificate, err := authority.serving([]string{*service + ".svc", *service})
	if err != nil {
		return err
	}
	sleep(ctx, *delay)
	trusted := func(bundle []byte) []byte { return joined(bundle, authority.pem(), time.Now()) }
	for resource, name := range map[string]string{validating: *validates, mutating: *mutates} {
		if name != "" {
			go api.keepFollowing(ctx, resource, "&fieldSelector=metadata.name="+name, func(live object) error {
				if bundlePatch(live, trusted) != nil {
					log.Printf("%s does not trust us yet", name)
					sleep(ctx, *trustDelay)
				}
				return api.inject(ctx, resource, live, trusted)
			})
		}
	}
	return serve(ctx, *listen, admissionHandler(*service), certificate)
}

func admissionHandler(service string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", answerOK)
	mux.HandleFunc("POST /validate", reviewed(refuseLabelled(refuseLabel)))
	mux.HandleFunc("POST /mutate", reviewed(annotate(admittedLabel, service)))
	return mux
}
