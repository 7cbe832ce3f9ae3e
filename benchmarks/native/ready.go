package main

// Live is what readiness is read from.
type Live struct {
	Metadata struct {
		Name       string `json:"name"`
		Namespace  string `json:"namespace"`
		UID        string `json:"uid"`
		Generation int64  `json:"generation"`
	} `json:"metadata"`
	Spec struct {
		Replicas               *int64 `json:"replicas"`
		ReadyAfterMilliseconds int64  `json:"readyAfterMilliseconds"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration     int64 `json:"observedGeneration"`
		Replicas               int64 `json:"replicas"`
		UpdatedReplicas        int64 `json:"updatedReplicas"`
		AvailableReplicas      int64 `json:"availableReplicas"`
		ReadyReplicas          int64 `json:"readyReplicas"`
		DesiredNumberScheduled int64 `json:"desiredNumberScheduled"`
		UpdatedNumberScheduled int64 `json:"updatedNumberScheduled"`
		NumberAvailable        int64 `json:"numberAvailable"`
		Conditions             []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

func (live *Live) has(condition string) bool {
	for _, each := range live.Status.Conditions {
		if each.Type == condition {
			return each.Status == "True"
		}
	}
	return false
}

func (live *Live) replicas() int64 {
	if live.Spec.Replicas == nil {
		return 1
	}
	return *live.Spec.Replicas
}

func (live *Live) observed() bool { return live.Status.ObservedGeneration == live.Metadata.Generation }

// rules say when an object of a kind is ready, as kubectl's rollout status and wait do. Objects of other kinds are
// ready when they exist.
var rules = map[string]func(*Live) bool{
	"CustomResourceDefinition": func(live *Live) bool { return live.has("Established") },
	"DaemonSet": func(live *Live) bool {
		status := live.Status
		return live.observed() && status.UpdatedNumberScheduled == status.DesiredNumberScheduled &&
			status.NumberAvailable == status.DesiredNumberScheduled
	},
	"Deployment": func(live *Live) bool {
		status, wanted := live.Status, live.replicas()
		return live.observed() && status.UpdatedReplicas == wanted && status.Replicas == wanted &&
			status.AvailableReplicas == wanted
	},
	"Job":                 func(live *Live) bool { return live.has("Complete") },
	"PodDisruptionBudget": func(live *Live) bool { return live.observed() },
	"StatefulSet": func(live *Live) bool {
		status, wanted := live.Status, live.replicas()
		return live.observed() && status.UpdatedReplicas == wanted && status.ReadyReplicas == wanted
	},
	"Work": func(live *Live) bool { return live.has("Ready") },
}
