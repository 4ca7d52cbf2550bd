"""What the judge says of samples.   python judge/measure.py --run runs/judge --samples runs/judge/samples.jsonl

Prints and writes report.json: category accuracy, attribute accuracy over all attributes that captions tell, and both by category."""
import argparse
import json
from pathlib import Path

from judge import Judge, verdicts


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--run", default="runs/judge")
    p.add_argument("--samples", default="runs/judge/samples.jsonl")
    a = p.parse_args()
    judge = Judge.load(Path(a.run) / "judge.pt")
    samples = [json.loads(line) for line in Path(a.samples).read_text().splitlines()]
    share = lambda counts: counts[0] / max(1, counts[1])
    right, attributes = verdicts(judge, [s["ids"] for s in samples], samples)
    by = {}
    for category in sorted({s["category"] for s in samples}):
        own = [s for s in samples if s["category"] == category]
        categories, said = verdicts(judge, [s["ids"] for s in own], own)
        by[category] = {"n": len(own), "category": share(categories), "attributes": share(said)}
    report = {"samples": len(samples), "category": share(right), "attributes": share(attributes), "attributes_told": attributes[1], "by_category": by}
    Path(a.samples).with_name("report.json").write_text(json.dumps(report, indent=1))
    for category, line in sorted(by.items(), key=lambda kv: kv[1]["category"]):
        print(f"{category:20} n {line['n']:3}  category {line['category']:.2f}  attributes {line['attributes']:.2f}")
    print(f"{len(samples)} samples: category accuracy {share(right):.3f}, attribute accuracy {share(attributes):.3f} of {attributes[1]} attributes")


if __name__ == "__main__":
    main()
