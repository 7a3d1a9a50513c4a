"""The devices of one worker in bare PyTorch, one after another: `torch-fedavg.py MODEL EXAMPLES EPOCHS UPDATES`.

The floor under every framework that wraps PyTorch: no framework, one thread, SGD, batches of 10. Says a line of JSON when it
is warm, and another for each line that it reads, after so many updates, as test/bench/simulation/device-process.ts does.
"""

import json
import resource
import sys
import time

import torch
from torch import nn

model_name = sys.argv[1]
num_examples, epochs, num_updates = map(int, sys.argv[2:5])
batch_size, learning_rate = 10, 0.1


def make_model():
    if model_name == "2nn":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10)
        )
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, 512),
        nn.ReLU(),
        nn.Linear(512, 10),
    )


def blas():
    """The library that multiplies its matrices: Debian's reference BLAS is several times slower than OpenBLAS."""
    with open("/proc/self/maps") as maps:
        names = {line.split("/")[-1].strip() for line in maps}
    if any("mkl" in name for name in names):
        return "MKL"
    return "OpenBLAS" if any("openblas" in name for name in names) else "reference BLAS"


torch.set_num_threads(1)
model, loss_of = make_model(), nn.CrossEntropyLoss()
base = {name: value.clone() for name, value in model.state_dict().items()}
datasets = [
    (torch.rand(num_examples, 1, 28, 28), torch.randint(0, 10, (num_examples,))) for _ in range(min(4, num_updates))
]


def train_device(x, y):
    model.load_state_dict(base)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(epochs):
        order = torch.randperm(num_examples)
        for start in range(0, num_examples, batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            loss_of(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return {name: value.detach() - base[name] for name, value in model.state_dict().items()}


def train_some(count):
    total = {name: torch.zeros_like(value) for name, value in base.items()}
    for device in range(count):
        delta = train_device(*datasets[device % len(datasets)])
        total = {name: total[name] + delta[name] for name in delta}


def say(what):
    print(json.dumps(what), flush=True)


train_some(1)
say({"isReady": True, "version": f"PyTorch {torch.__version__} with {blas()}"})
for _ in sys.stdin:
    used = time.process_time()
    train_some(num_updates)
    say(
        {
            "cpuSeconds": time.process_time() - used,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
