"""Draw how training went: on few digits, so that the network soon knows them by heart."""

import tinynet as tn

images, labels = tn.datasets.synthetic_digits(1500, rng=0)
x = tn.datasets.normalize(images)
net = tn.Sequential(tn.Dense(784, 32, rng=0), tn.ReLU(), tn.Dense(32, 10, rng=1), tn.Softmax())
history = tn.fit(
    net,
    x[:500],
    labels[:500],
    validation_data=(x[500:], labels[500:]),
    optimizer=tn.Adam(tn.schedules.warm_up(tn.schedules.cosine(5e-3, 20 * 8), 6)),
    callbacks=[tn.BestWeights("val_accuracy")],
    epochs=20,
    batch_size=64,
    rng=0,
    progress=False,
)
tn.viz.plot_history(history)
