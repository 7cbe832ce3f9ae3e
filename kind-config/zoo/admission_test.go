package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func asked(metadata string) string {
	return `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u1",
		"operation": "CREATE", "kind": {"kind": "ConfigMap"},
		"object": {"metadata": ` + metadata + `, "data": {"key": "no base64!"}}}}`
}

func answerTo(t *testing.T, path, metadata string) response {
	t.Helper()
	code, body := ask(admissionHandler("keeper.zoo"), "POST", path, asked(metadata))
	var answered review
	if err := json.Unmarshal([]byte(body), &answered); err != nil || code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if answered.Response.UID != "u1" || answered.Kind != "AdmissionReview" || answered.APIVersion != "admission.k8s.io/v1" {
		t.Errorf("answers %s", body)
	}
	return *answered.Response
}

func TestOnlyWhatAsksForARefusalIsRefused(t *testing.T) {
	if !answerTo(t, "/validate", `{"labels": {"a": "b"}}`).Allowed {
		t.Error("refuses a harmless object")
	}
	refused := answerTo(t, "/validate", `{"labels": {"zoo.rebuild.dev/refuse": "true"}}`)
	if refused.Allowed || !strings.Contains(refused.Status.Message, "zoo.rebuild.dev/refuse") {
		t.Errorf("answers %+v", refused)
	}
}

func TestAMutationAddsItsAnnotationToWhateverIsThere(t *testing.T) {
	for metadata, path := range map[string]string{
		`{}`:                          "/metadata/annotations",
		`{"annotations": {"a": "b"}}`: "/metadata/annotations/zoo.rebuild.dev~1admitted-by",
	} {
		answer := answerTo(t, "/mutate", metadata)
		if !answer.Allowed || answer.PatchType != "JSONPatch" || !strings.Contains(string(answer.Patch), `"path":"`+path+`"`) {
			t.Errorf("%s is patched with %s", metadata, answer.Patch)
		}
	}
	if again := answerTo(t, "/mutate", `{"annotations": {"zoo.rebuild.dev/admitted-by": "keeper.zoo"}}`); again.Patch != nil {
		t.Errorf("patches again with %s", again.Patch)
	}
}

func TestWhatIsNoReviewIsTheCallersFault(t *testing.T) {
	for _, body := range []string{"", "{}", "nonsense"} {
		if code, _ := ask(admissionHandler("keeper.zoo"), "POST", "/validate", body); code != 400 {
			t.Errorf("%q is answered with %d", body, code)
		}
	}
}

func TestAServingCertificateIsTrustedThroughTheBundle(t *testing.T) {
	authority := anAuthority(t)
	certificate, err := authority.serving([]string{"keeper.zoo.svc"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(admissionHandler("keeper.zoo"))
	server.TLS = tlsWith(certificate)
	server.StartTLS()
	defer server.Close()
	if err := handshake(server, joined(nil, authority.pem(), time.Now()), "keeper.zoo.svc"); err != nil {
		t.Error(err)
	}
	if err := handshake(server, anAuthority(t).pem(), "keeper.zoo.svc"); err == nil {
		t.Error("somebody else's authority is trusted")
	}
}

func TestReplicasShareABundle(t *testing.T) {
	first, second, now := anAuthority(t).pem(), anAuthority(t).pem(), time.Now()
	bundle := joined([]byte("left over from another cluster"), first, now)
	if !bytes.Equal(bundle, first) {
		t.Errorf("keeps what nobody of us wrote: %s", bundle)
	}
	both := joined(bundle, second, now)
	if !bytes.Contains(both, first) || !bytes.Contains(both, second) {
		t.Errorf("a replica drops the other: %s", both)
	}
	for _, own := range [][]byte{first, second} {
		if again := joined(both, own, now); len(again) != len(both) {
			t.Errorf("grows with each look: %s", again)
		}
	}
	fresh := anAuthority(t).pem()
	if late := joined(both, fresh, now.Add(2*lifetime)); !bytes.Equal(late, fresh) {
		t.Errorf("keeps an expired authority: %s", late)
	}
}

func TestABundleHoldsTheNewestOfManyRestarts(t *testing.T) {
	var bundle, last, own []byte
	for range mostTrusted + 3 {
		last, own = own, anAuthority(t).pem()
		bundle = joined(bundle, own, time.Now())
	}
	if found := certificatesIn(bundle); len(found) != mostTrusted || !bytes.Contains(bundle, last) || !bytes.HasSuffix(bundle, own) {
		t.Errorf("holds %d authorities", len(found))
	}
}

func TestReplicasSettleOnOneBundle(t *testing.T) {
	own := [][]byte{anAuthority(t).pem(), anAuthority(t).pem()}
	live := object{Webhooks: make([]webhook, 2)}
	for writes := 0; ; writes++ {
		if writes > 4 {
			t.Fatal("the replicas overwrite each other for ever")
		}
		trusted := func(bundle []byte) []byte { return joined(bundle, own[writes%2], time.Now()) }
		patch := bundlePatch(live, trusted)
		if patch == nil {
			break
		}
		for number := range live.Webhooks {
			live.Webhooks[number].ClientConfig.CABundle = patch[number+1].Value.([]byte)
		}
	}
	if !slices.Equal(live.Webhooks[0].ClientConfig.CABundle, live.Webhooks[1].ClientConfig.CABundle) {
		t.Error("its webhooks differ")
	}
}

func TestAnAuthorityOutlivesItsProgramInASecret(t *testing.T) {
	made := anAuthority(t)
	data, err := made.secretData()
	if err != nil {
		t.Fatal(err)
	}
	read, err := authorityFrom(data)
	if err != nil || !bytes.Equal(read.pem(), made.pem()) {
		t.Fatal(err)
	}
	if _, err := read.serving([]string{"webhook.svc"}); err != nil {
		t.Error(err)
	}
	if _, err := authorityFrom(map[string][]byte{"tls.crt": []byte("none")}); err == nil {
		t.Error("reads an authority out of nothing")
	}
}

func anAuthority(t *testing.T) *authority {
	t.Helper()
	made, err := newAuthority("keeper")
	if err != nil {
		t.Fatal(err)
	}
	return made
}
