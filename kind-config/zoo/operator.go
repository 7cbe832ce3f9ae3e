package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

type status struct {
	ObservedGeneration int64       `json:"observedGeneration"`
	Conditions         []condition `json:"conditions"`
}

type condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason"`
	Message            string    `json:"message"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// operator makes a ConfigMap for each custom resource, and then calls it Ready.
type operator struct {
	api      *cluster
	resource string // such as shop.example.com/v1/paymentproviders
	work     time.Duration
	settled  map[string]int64 // generations that are done, by UID: an event may be older than what we wrote
}

func runOperator(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	resource := flags.String("resource", "", "the namespaced custom resource, as group/version/plural")
	probes := flags.String("probes", ":8081", "address of the health endpoints")
	work := flags.Duration("work", 0, "how long one custom resource takes it")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if strings.Count(*resource, "/") != 2 {
		return coded{2, "operator needs --resource=group/version/plural"}
	}
	api, err := inCluster()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	var listed atomic.Bool
	go func() {
		stop((&operator{api, *resource, *work, map[string]int64{}}).run(ctx, func() { listed.Store(true) }))
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", answerOK)
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if !listed.Load() {
			http.Error(w, "has not seen its resources yet", http.StatusServiceUnavailable)
			return
		}
		answerOK(w, r)
	})
	if err := serve(ctx, *probes, mux, nil); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != context.Canceled {
		return cause
	}
	return nil
}

// run ends with an error when the API server does not serve the resource or does not let us read it: like most real
// operators this one cannot wait for its own definition.
func (o *operator) run(ctx context.Context, listed func()) error {
	for ctx.Err() == nil {
		err := o.api.follow(ctx, "/apis/"+o.resource, "", listed, func(seen object) error { return o.reconcile(ctx, seen) })
		switch {
		case refusedWith(err, http.StatusNotFound):
			return fmt.Errorf("%s is not served: is its definition installed?", o.resource)
		case refusedWith(err, http.StatusForbidden):
			return err
		case err != nil && ctx.Err() == nil:
			log.Print(err)
			sleep(ctx, retryPause)
		}
	}
	return nil
}

func (o *operator) reconcile(ctx context.Context, seen object) error {
	if isSettled(seen) || o.settled[seen.Metadata.UID] == seen.Metadata.Generation {
		return nil
	}
	if o.work > 0 {
		if err := o.report(ctx, seen, "False", "Working", "its ConfigMap is being made"); err != nil {
			return err
		}
		sleep(ctx, o.work)
	}
	made := configMapFor(seen)
	path := fmt.Sprintf("/api/v1/namespaces/%s/configmaps/%s", seen.Metadata.Namespace, made.Metadata.Name)
	if err := o.api.do(ctx, http.MethodPatch, path+applyByZoo, applyPatch, made, nil); err != nil {
		return err
	}
	if err := o.report(ctx, seen, "True", "Made", "its ConfigMap is "+made.Metadata.Name); err != nil {
		return err
	}
	log.Printf("%s is ready", seen.Metadata.Name)
	o.settled[seen.Metadata.UID] = seen.Metadata.Generation
	return nil
}

func (o *operator) report(ctx context.Context, seen object, ready, reason, message string) error {
	group, rest, _ := strings.Cut(o.resource, "/")
	version, plural, _ := strings.Cut(rest, "/")
	path := fmt.Sprintf("/apis/%s/%s/namespaces/%s/%s/%s/status", group, version, seen.Metadata.Namespace, plural, seen.Metadata.Name)
	err := o.api.do(ctx, http.MethodPatch, path+applyByZoo, applyPatch, object{
		APIVersion: seen.APIVersion,
		Kind:       seen.Kind,
		Metadata:   metadata{Name: seen.Metadata.Name, Namespace: seen.Metadata.Namespace},
		Status: &status{
			ObservedGeneration: seen.Metadata.Generation,
			Conditions:         []condition{{"Ready", ready, reason, message, time.Now().UTC().Truncate(time.Second)}},
		},
	}, nil)
	if refusedWith(err, http.StatusNotFound) {
		return nil // it was deleted meanwhile
	}
	return err
}

// isSettled tells whether an object's status already says that all is done.
func isSettled(seen object) bool {
	if seen.Status == nil || seen.Status.ObservedGeneration != seen.Metadata.Generation {
		return false
	}
	for _, one := range seen.Status.Conditions {
		if one.Type == "Ready" {
			return one.Status == "True"
		}
	}
	return false
}

// configMap is written, never read, so it has a type of its own: its data is text.
type configMap struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   ownedMetadata     `json:"metadata"`
	Data       map[string]string `json:"data"`
}

type ownedMetadata struct {
	Name            string  `json:"name"`
	Namespace       string  `json:"namespace"`
	OwnerReferences []owner `json:"ownerReferences"`
}

type owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

func configMapFor(seen object) configMap {
	return configMap{
		APIVersion: "v1",
		Kind:       "ConfigMap",
		Metadata: ownedMetadata{
			Name:            strings.ToLower(seen.Kind) + "-" + seen.Metadata.Name,
			Namespace:       seen.Metadata.Namespace,
			OwnerReferences: []owner{{seen.APIVersion, seen.Kind, seen.Metadata.Name, seen.Metadata.UID}},
		},
		Data: map[string]string{"spec.json": string(seen.Spec)},
	}
}
