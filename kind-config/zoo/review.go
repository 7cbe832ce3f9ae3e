package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

// review is an AdmissionReview, as far as we read and write it.
type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID       string                      `json:"uid"`
	Operation string                      `json:"operation"`
	Name      string                      `json:"name"`
	Kind      struct{ Kind string }       `json:"kind"`
	Object    struct{ Metadata metadata } `json:"object"`
}

type response struct {
	UID       string  `json:"uid"`
	Allowed   bool    `json:"allowed"`
	Status    *reason `json:"status,omitempty"`
	PatchType string  `json:"patchType,omitempty"`
	Patch     []byte  `json:"patch,omitempty"`
}

type reason struct {
	Message string `json:"message"`
}

// reviewed answers admission reviews with what decide says. A request without a review is the caller's fault.
func reviewed(decide func(request) response) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var asked review
		err := json.NewDecoder(io.LimitReader(r.Body, 8*largestBody)).Decode(&asked)
		if err != nil || asked.Request == nil {
			http.Error(w, fmt.Sprintf("no admission review: %v", err), http.StatusBadRequest)
			return
		}
		answer := decide(*asked.Request)
		answer.UID = asked.Request.UID
		log.Printf("%s %s %s: allowed %t", asked.Request.Operation, asked.Request.Kind.Kind, asked.Request.Name, answer.Allowed)
		w.Header().Set("Content-Type", plainJSON)
		_ = json.NewEncoder(w).Encode(review{asked.APIVersion, asked.Kind, nil, &answer})
	}
}

// allow has no opinion.
func allow(request) response { return response{Allowed: true} }

// refuseLabelled refuses what carries a label with the value true.
func refuseLabelled(label string) func(request) response {
	return func(asked request) response {
		if asked.Object.Metadata.Labels[label] != "true" {
			return response{Allowed: true}
		}
		return response{Status: &reason{fmt.Sprintf("the label %s asks for a refusal", label)}}
	}
}

// annotate marks what it sees with an annotation.
func annotate(name, value string) func(request) response {
	return func(asked request) response {
		if asked.Object.Metadata.Annotations[name] == value || asked.Operation == "DELETE" {
			return response{Allowed: true}
		}
		step := patchOperation{"add", "/metadata/annotations", map[string]string{name: value}}
		if len(asked.Object.Metadata.Annotations) > 0 {
			escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			step = patchOperation{"add", "/metadata/annotations/" + escaped, value}
		}
		patch, err := json.Marshal([]patchOperation{step})
		if err != nil {
			return response{Status: &reason{err.Error()}}
		}
		return response{Allowed: true, PatchType: "JSONPatch", Patch: patch}
	}
}
