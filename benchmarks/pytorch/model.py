"""LLaMA and GPT-2 in plain PyTorch, as fast as it gets without writing kernels: SDPA, no cache, no hooks.

`transformers` adds milliseconds a step that say nothing about PyTorch. check_model.py holds the two equal.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn


@dataclass(frozen=True)
class Shape:
    family: str  # "llama" or "gpt2"
    vocabulary: int
    hidden: int
    ffn: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    positions: int
    epsilon: float
    theta: float = 10000.0
    tied: bool = True
    inverse_layer_scale: bool = False


def shape_of(config):
    """The shape that a Hugging Face config.json describes; what this file does not compute is refused."""
    family = config["model_type"]
    if family == "gpt2":
        expect(config, "activation_function", "gelu_new")
        expect(config, "scale_attn_weights", True)
        hidden, heads = config["n_embd"], config["n_head"]
        return Shape(
            family, config["vocab_size"], hidden, config.get("n_inner") or 4 * hidden, config["n_layer"], heads, heads,
            hidden // heads, config["n_positions"], config.get("layer_norm_epsilon", 1e-5),
            tied=config.get("tie_word_embeddings", True),
            inverse_layer_scale=config.get("scale_attn_by_inverse_layer_idx", False),
        )
    if family != "llama":
        raise SystemExit(f"config.json: model_type is {family!r}; llama and gpt2 are known")
    expect(config, "hidden_act", "silu")
    expect(config, "attention_bias", False)
    expect(config, "mlp_bias", False)
    expect(config, "rope_scaling", None)
    rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10000.0)}
    expect(rope, "rope_type", "default")
    heads = config["num_attention_heads"]
    return Shape(
        family, config["vocab_size"], config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"],
        heads, config.get("num_key_value_heads") or heads, config.get("head_dim") or config["hidden_size"] // heads,
        config["max_position_embeddings"], config.get("rms_norm_eps", 1e-6), theta=rope["rope_theta"],
        tied=config.get("tie_word_embeddings", False),
    )


def expect(config, field, value):
    if config.get(field, value) != value:
        raise SystemExit(f"config.json: {field} is {config[field]!r}; this benchmark computes {value!r} only")


class RmsNorm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.hidden))
        self.epsilon = shape.epsilon

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape, layer):
        super().__init__()
        self.shape = shape
        bias = shape.family == "gpt2"
        self.q_width = shape.heads * shape.head_width
        self.kv_width = shape.kv_heads * shape.head_width
        self.scale = shape.head_width**-0.5 / (layer + 1 if shape.inverse_layer_scale else 1)
        self.qkv = nn.Linear(shape.hidden, self.q_width + 2 * self.kv_width, bias=bias)
        self.out = nn.Linear(self.q_width, shape.hidden, bias=bias)

    def forward(self, x, rotary):
        b, t, _ = x.shape
        s = self.shape
        q, k, v = self.qkv(x).split([self.q_width, self.kv_width, self.kv_width], dim=-1)
        q = q.view(b, t, s.heads, s.head_width).transpose(1, 2)  # [B, H, T, hd]
        k = k.view(b, t, s.kv_heads, s.head_width).transpose(1, 2)  # [B, KV, T, hd]
        v = v.view(b, t, s.kv_heads, s.head_width).transpose(1, 2)
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        if s.heads != s.kv_heads:
            k = k.repeat_interleave(s.heads // s.kv_heads, dim=1)
            v = v.repeat_interleave(s.heads // s.kv_heads, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self.scale)
        return self.out(y.transpose(1, 2).reshape(b, t, self.q_width))


def rotate(x, cos, sin):
    """Rotary embedding, pairs half a head apart (Hugging Face's order). x [B, H, T, hd], cos and sin [T, hd]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat((-second, first), dim=-1) * sin.to(x.dtype)


class Block(nn.Module):
    def __init__(self, shape, layer):
        super().__init__()
        gpt2 = shape.family == "gpt2"
        self.norm1, self.norm2 = norm(shape), norm(shape)
        self.attention = Attention(shape, layer)
        self.gate = None if gpt2 else nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.up = nn.Linear(shape.hidden, shape.ffn, bias=gpt2)
        self.down = nn.Linear(shape.ffn, shape.hidden, bias=gpt2)

    def forward(self, x, rotary):
        x = x + self.attention(self.norm1(x), rotary)
        h = self.norm2(x)
        h = F.gelu(self.up(h), approximate="tanh") if self.gate is None else F.silu(self.gate(h)) * self.up(h)
        return x + self.down(h)


def norm(shape):
    return nn.LayerNorm(shape.hidden, eps=shape.epsilon) if shape.family == "gpt2" else RmsNorm(shape)


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.position = nn.Embedding(shape.positions, shape.hidden) if shape.family == "gpt2" else None
        self.blocks = nn.ModuleList(Block(shape, layer) for layer in range(shape.layers))
        self.norm = norm(shape)
        self.head = nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        if shape.tied:
            self.head.weight = self.embedding.weight
        if shape.family == "llama":
            width = shape.head_width
            frequency = 1.0 / shape.theta ** (torch.arange(0, width, 2).float() / width)
            angle = torch.outer(torch.arange(shape.positions).float(), frequency).repeat(1, 2)  # [T, hd]
            self.register_buffer("cos", angle.cos(), persistent=False)
            self.register_buffer("sin", angle.sin(), persistent=False)
        for parameter in self.parameters():
            if parameter.ndim >= 2:
                nn.init.normal_(parameter, std=0.02)

    def hidden(self, ids):
        """Token ids [B, T] to the final norm's output [B, T, D]."""
        t = ids.shape[1]
        x = self.embedding(ids)
        rotary = None
        if self.position is not None:
            x = x + self.position.weight[:t]
        else:
            rotary = self.cos[:t], self.sin[:t]
        for block in self.blocks:
            x = block(x, rotary)
        return self.norm(x)

    def forward(self, ids):
        return self.head(self.hidden(ids))


def load(folder):
    """A checkpoint folder in Hugging Face layout, one file or shards, in float32."""
    folder = Path(folder)
    shape = shape_of(json.loads((folder / "config.json").read_text()))
    stored = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            stored |= {name: tensors.get_tensor(name).float() for name in tensors.keys()}
    model = Decoder(shape)
    weights = renamed(stored, shape)
    if shape.tied:
        weights["head.weight"] = weights["embedding.weight"]
    model.load_state_dict(weights)
    return model


def renamed(stored, shape):
    """Hugging Face names to those of `Decoder`; q, k, v become one matrix, Conv1D [in, out] becomes [out, in]."""
    if shape.family == "llama":
        names = {"embedding.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight"}
        weights = {own: stored[name] for own, name in names.items()}
        for i in range(shape.layers):
            at, own = f"model.layers.{i}.", f"blocks.{i}."
            weights |= {
                own + "norm1.weight": stored[at + "input_layernorm.weight"],
                own + "norm2.weight": stored[at + "post_attention_layernorm.weight"],
                own + "attention.qkv.weight": torch.cat([stored[f"{at}self_attn.{p}_proj.weight"] for p in "qkv"]),
                own + "attention.out.weight": stored[at + "self_attn.o_proj.weight"],
            }
            weights |= {f"{own}{p}.weight": stored[f"{at}mlp.{p}_proj.weight"] for p in ("gate", "up", "down")}
    else:
        stored = {name.removeprefix("transformer."): tensor for name, tensor in stored.items()}
        weights = {"embedding.weight": stored["wte.weight"], "position.weight": stored["wpe.weight"]}
        weights |= {f"norm.{kind}": stored[f"ln_f.{kind}"] for kind in ("weight", "bias")}
        parts = {"ln_1": "norm1", "ln_2": "norm2", "attn.c_attn": "attention.qkv", "attn.c_proj": "attention.out"}
        parts |= {"mlp.c_fc": "up", "mlp.c_proj": "down"}
        for i in range(shape.layers):
            for name, own in parts.items():
                weight = stored[f"h.{i}.{name}.weight"]
                weights[f"blocks.{i}.{own}.weight"] = weight.T.contiguous() if weight.ndim == 2 else weight
                weights[f"blocks.{i}.{own}.bias"] = stored[f"h.{i}.{name}.bias"]
    if not shape.tied:
        weights["head.weight"] = stored["lm_head.weight"]
    return weights
