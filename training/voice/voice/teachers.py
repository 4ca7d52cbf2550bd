"""The teachers: festival's HTS voice slt and flite's rms, slt and awb. Each reads a sentence and says which phone ends when."""
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

RATE = 16000
FESTIVAL = """(voice_cmu_us_slt_arctic_hts)
(define (say text file)
  (let ((utt (utt.synth (eval (list 'Utterance 'Text text)))))
    (utt.save.wave utt (string-append file ".wav"))
    (let ((out (fopen (string-append file ".phones") "w")))
      (mapcar (lambda (s) (format out "%s:%f " (item.name s) (item.feat s "end"))) (utt.relation.items utt 'Segment))
      (fclose out))))
"""
# name: how it is made, and the share of the data
VOICES = {"slt-hts": ("festival", 0.5), "rms": ("flite", 0.2), "slt": ("flite", 0.15), "awb": ("flite", 0.15)}


def read_wave(file):
    rate, x = wavfile.read(file)
    x = x.astype(np.float64) / 32768
    return resample_poly(x, RATE, rate) if rate != RATE else x


def read_phones(text):
    pairs = [p.rsplit(":", 1) for p in text.split()]
    return [p[0] for p in pairs], [float(p[1]) for p in pairs]


def say(voice, texts):
    """[(samples at 16 kHz, teacher's phone names, their ends in seconds)] for some texts."""
    with tempfile.TemporaryDirectory() as folder:
        stems = [f"{folder}/{i}" for i in range(len(texts))]
        if VOICES[voice][0] == "festival":
            script = Path(folder) / "say.scm"
            script.write_text(FESTIVAL + "\n".join(f'(say "{t}" "{s}")' for t, s in zip(texts, stems)))
            subprocess.run(["festival", "-b", script], check=True)
            segments = [Path(f"{s}.phones").read_text() for s in stems]
        else:
            segments = [subprocess.run(["flite", "-voice", voice, "-psdur", "-t", t, "-o", f"{s}.wav"], check=True, text=True,
                                       stdout=subprocess.PIPE).stdout for t, s in zip(texts, stems)]
        return [(read_wave(f"{s}.wav"), *read_phones(line)) for s, line in zip(stems, segments)]
