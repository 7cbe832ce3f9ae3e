package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
)

const (
	validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
	mutating   = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
)

// webhook is what we read of one entry of a webhook configuration.
type webhook struct {
	ClientConfig struct {
		CABundle []byte `json:"caBundle"`
	} `json:"clientConfig"`
}

// patchOperation is one step of a JSON patch.
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// inject writes CA bundles into a webhook configuration: for each of its webhooks what wanted makes of the bundle that
// stands there. It writes nothing where nothing would change, and nothing over somebody's newer version.
func (c *cluster) inject(ctx context.Context, resource string, live object, wanted func([]byte) []byte) error {
	patch := bundlePatch(live, wanted)
	if patch == nil {
		return nil
	}
	path := resource + "/" + live.Metadata.Name + createByZoo
	err := c.do(ctx, http.MethodPatch, path, jsonPatch, patch, nil)
	if refusedWith(err, http.StatusUnprocessableEntity) || refusedWith(err, http.StatusConflict) {
		return nil // a newer version is on its way through the watch
	}
	if err == nil {
		log.Printf("wrote the CA bundle of %s", live.Metadata.Name)
	}
	return err
}

func bundlePatch(live object, wanted func([]byte) []byte) []patchOperation {
	var patch []patchOperation
	for number, hook := range live.Webhooks {
		bundle := wanted(hook.ClientConfig.CABundle)
		if !bytes.Equal(bundle, hook.ClientConfig.CABundle) {
			path := fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", number)
			patch = append(patch, patchOperation{"add", path, bundle})
		}
	}
	if patch == nil {
		return nil
	}
	guard := patchOperation{"test", "/metadata/resourceVersion", live.Metadata.ResourceVersion}
	return append([]patchOperation{guard}, patch...)
}
